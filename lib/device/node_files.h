// Device nodes made for one device of one instance: in the instance's devices folder, so that they can have an owner and mode of their own, and bound into
// the container. mknod(2).
#pragma once
#include <optional>
#include <string>

#include "device/device.h"

namespace device {

struct Node {
  bool block = false;
  unsigned major_number = 0, minor_number = 0;
  friend bool operator==(const Node&, const Node&) = default;
};

/// The node at `path`; nothing if there is none.
std::optional<Node> read_node(const std::string& path);

/// Targets are paths in the instance without a leading slash.
class NodeFiles {
 public:
  NodeFiles(const Host& host, std::string device) : host_(host), device_(std::move(device)) {}

  std::string path(const std::string& target) const;
  /// Makes the node with `config`'s uid, gid and mode. Errors: internal with errno.
  Result<> make(const Node& node, const std::string& target, const StringMap& config) const;
  /// Success if there is none.
  Result<> remove(const std::string& target) const;
  /// The targets whose nodes exist.
  StringList targets() const;
  /// Does the node of another device of this instance have the same path inside?
  bool taken(const std::string& target) const;
  /// Adds what the runtime needs to show the node.
  void add_to(RunConfig& run, const Node& node, const std::string& target) const;

 private:
  std::string prefix() const;
  const Host& host_;
  std::string device_;
};

}  // namespace device
