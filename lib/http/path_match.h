// Paths of small APIs, whose routes stand in one table.
#pragma once
#include <span>
#include <string_view>

#include "base/strings.h"
#include "http/message.h"

namespace http {

/// Does `path` (as sent, escaped) fit "/1.0/config/{key}", where {name} stands for one segment? `params` gets the decoded ones.
bool path_matches(std::string_view pattern, std::string_view path, StringMap& params);

/// What tables of routes (rows with `method` and `path`) know of a request.
template <class Route>
struct RouteMatch {
  const Route* route = nullptr;
  bool known = false;  ///< the path is, if only with other methods
};

/// Looks for it in one more table; `request.params` gets what the path of the row names.
template <class Route>
void match_route(std::span<const Route> table, Request& request, RouteMatch<Route>& match) {
  for (const Route& route : table) {
    StringMap params;
    if (!path_matches(route.path, request.path, params)) continue;
    match.known = true;
    if (route.method != request.method) continue;
    match.route = &route;
    request.params = std::move(params);
  }
}

}  // namespace http
