// The stream of events: one websocket a listener.
#include "applets/daemon/daemon.h"
#include "applets/daemon/route.h"
#include "core/event_stream.h"

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

Result<Reply> get_events(Call& call) {
  core::Events::Filter filter = TRY(filter_of(call));
  return raw(core::event_websocket([filter, &events = call.daemon.events](core::Events::Listener listener) { return events.listen(filter, std::move(listener)); }));
}

constexpr Route kRoutes[] = {
    {http::Method::get, "/1.0/events", kAuthenticated, kInline | kProject, get_events, "Events, as they happen"},
};

}  // namespace

extern const Routes event_routes = kRoutes;

}  // namespace incusd
