// The stream of events: one websocket a listener.
#include "applets/daemon/daemon.h"
#include "applets/daemon/route.h"
#include "http/stream.h"

namespace incusd {
namespace {

const StringList kEventTypes = {"logging", "operation", "lifecycle", "network-acl"};
const StringList kPrivilegedTypes = {"logging"};

Result<StringList> asked_types(const Call& call) {
  bool privileged = call.identity.check({.type = "server", .project = {}, .name = {}}, "can_view_privileged_events").has_value();
  std::string text = call.query("type");
  StringList types;
  if (text.empty()) {
    for (const std::string& type : kEventTypes) {
      if (privileged || !contains(kPrivilegedTypes, type)) types.push_back(type);
    }
    return types;
  }
  types = split(text, ',');
  for (const std::string& type : types) {
    if (!contains(kEventTypes, type)) return fail(Code::invalid, "{} isn't a supported event type", quote(type));
    if (!privileged && contains(kPrivilegedTypes, type)) return fail(Code::forbidden, "Forbidden");
  }
  return types;
}

Result<core::Events::Filter> filter_of(Call& call) {
  core::Events::Filter filter;
  filter.all_projects = call.all_projects();
  if (filter.all_projects && !call.query("project").empty()) {
    return fail(Code::invalid, "Cannot specify a project when requesting all projects");
  }
  if (filter.all_projects) {
    if (!call.identity.admin) filter.visible_projects = call.identity.projects.empty() ? StringList{""} : call.identity.projects;
  } else {
    filter.project = call.project;
    TRY(call.identity.check({.type = "project", .project = {}, .name = call.project}, "can_view_events"));
  }
  filter.types = TRY(asked_types(call));
  return filter;
}

/// A listener keeps its socket alive and is removed when the socket closes.
struct Listener {
  std::shared_ptr<http::WebSocket> socket;
  std::shared_ptr<void> subscription;
};

Result<Reply> get_events(Call& call) {
  core::Events::Filter filter = TRY(filter_of(call));
  http::Response response;
  response.websocket = [filter, &events = call.daemon.events](std::shared_ptr<http::WebSocket> socket) {
    auto listener = std::make_shared<Listener>();
    listener->socket = socket;
    std::weak_ptr<http::WebSocket> weak = socket;
    listener->subscription = events.listen(filter, [weak](const std::string& frame) {
      auto target = weak.lock();
      return target && target->send(http::WebSocket::Kind::text, frame);
    });
    socket->start([](http::WebSocket::Kind, std::string_view) {},
                  [listener] {
                    listener->subscription.reset();
                    listener->socket.reset();
                  });
  };
  return raw(std::move(response));
}

constexpr Route kRoutes[] = {
    {http::Method::get, "/1.0/events", kAuthenticated, kInline | kProject, get_events, "Events, as they happen"},
};

}  // namespace

extern const Routes event_routes = kRoutes;

}  // namespace incusd
