// Finds the route of a request: a tree of path segments made once from routes.def and endpoints.def.
#pragma once
#include <array>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "applets/daemon/route.h"

namespace incusd {

class Router {
 public:
  /// All routes of this program, and the paths of the API that are known but not built (they answer 501 instead of 404).
  Router();
  /// For tests.
  Router(std::span<const Route> routes, std::span<const std::string_view> known_paths);

  struct Match {
    const Route* route = nullptr;  ///< null: see `known`
    bool known = false;            ///< the API has this path, though perhaps not with this method
    StringMap params;              ///< decoded
  };
  /// `path` as sent: escaped, without query.
  Match match(http::Method method, std::string_view path) const;

 private:
  struct Node {
    std::map<std::string, std::unique_ptr<Node>, std::less<>> children;
    std::unique_ptr<Node> param;  ///< one segment, any text
    bool rest = false;            ///< this is a `{name...}` node: takes all that follows
    bool known = false;
    std::array<const Route*, 7> routes{};
  };
  using Segments = std::vector<std::string>;

  Node& node_at(std::string_view path);
  void add(const Route& route);
  static const Node* find(const Node& node, const Segments& segments, size_t at, Segments& values);

  Node root_;
};

}  // namespace incusd
