#include "applets/daemon/router.h"

#include "base/strings.h"

namespace incusd {

#define ROUTES(symbol) extern const Routes symbol;
#include "applets/daemon/routes.def"
#undef ROUTES

namespace {

constexpr std::string_view kKnownPaths[] = {
#define ENDPOINT(method, path) path,
#include "lib/api/endpoints.def"
#undef ENDPOINT
};

bool is_param(std::string_view segment) { return segment.starts_with('{'); }
bool is_rest(std::string_view segment) { return segment.ends_with("...}"); }

std::string param_name(std::string_view segment) {
  return std::string(segment.substr(1, segment.size() - (is_rest(segment) ? 5 : 2)));
}

/// The parts between slashes, still escaped; "/" has none.
std::vector<std::string_view> segments_of(std::string_view path) {
  std::vector<std::string_view> parts;
  path.remove_prefix(path.starts_with('/') ? 1 : 0);
  while (!path.empty()) {
    size_t slash = path.find('/');
    parts.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) break;
    path.remove_prefix(slash + 1);
    if (path.empty()) parts.push_back("");  // a trailing slash is a segment of its own: it matches no route
  }
  return parts;
}

}  // namespace

Router::Router() {
  for (std::string_view path : kKnownPaths) node_at(path).known = true;
#define ROUTES(symbol) \
  for (const Route& route : symbol) add(route);
#include "applets/daemon/routes.def"
#undef ROUTES
}

Router::Router(std::span<const Route> routes, std::span<const std::string_view> known_paths) {
  for (std::string_view path : known_paths) node_at(path).known = true;
  for (const Route& route : routes) add(route);
}

Router::Node& Router::node_at(std::string_view path) {
  Node* node = &root_;
  for (std::string_view segment : segments_of(path)) {
    auto& next = is_param(segment) ? node->param : node->children[std::string(segment)];
    if (!next) next = std::make_unique<Node>();
    node = next.get();
    if (is_rest(segment)) node->rest = true;
  }
  return *node;
}

void Router::add(const Route& route) {
  Node& node = node_at(route.path);
  node.known = true;
  node.routes[static_cast<size_t>(route.method)] = &route;
}

const Router::Node* Router::find(const Node& node, const Segments& segments, size_t at, Segments& values) {
  if (at == segments.size()) return node.known ? &node : nullptr;
  if (auto child = node.children.find(segments[at]); child != node.children.end()) {
    if (const Node* found = find(*child->second, segments, at + 1, values)) return found;
  }
  if (!node.param || segments[at].empty()) return nullptr;
  if (node.param->rest) {
    values.push_back(join(Segments(segments.begin() + at, segments.end()), "/"));
    return node.param.get();
  }
  values.push_back(segments[at]);
  if (const Node* found = find(*node.param, segments, at + 1, values)) return found;
  values.pop_back();
  return nullptr;
}

Router::Match Router::match(http::Method method, std::string_view path) const {
  Segments segments;
  for (std::string_view part : segments_of(path)) {
    auto decoded = url_unescape(part);
    if (!decoded) return {};
    segments.push_back(std::move(*decoded));
  }
  Match match;
  Segments values;
  const Node* node = find(root_, segments, 0, values);
  if (!node) return match;
  match.known = true;
  match.route = node->routes[static_cast<size_t>(method)];
  if (!match.route) return match;
  size_t next = 0;
  for (std::string_view segment : segments_of(match.route->path)) {
    if (is_param(segment)) match.params[param_name(segment)] = values[next++];
  }
  return match;
}

}  // namespace incusd
