// /1.0/instances/{name}/state: how an instance is doing, and starting and stopping it.
#include "applets/daemon/routes/instance_common.h"
#include "instance/power.h"
#include "instance/state.h"

namespace incusd {
namespace {

using http::Method;

Result<Reply> get_state(Call& call) {
  auto instance = TRY(find_instance(call));
  return ok(api::dump(instance::state_of(call.ctx, *instance, true)));
}

std::optional<core::OperationType> type_of_action(const std::string& action) {
  struct Action {
    std::string_view name;
    core::OperationType type;
  };
  constexpr Action kActions[] = {{"start", core::OperationType::instance_start},     {"stop", core::OperationType::instance_stop},
                                 {"restart", core::OperationType::instance_restart}, {"freeze", core::OperationType::instance_freeze},
                                 {"unfreeze", core::OperationType::instance_unfreeze}};
  for (const Action& candidate : kActions)
    if (candidate.name == action) return candidate.type;
  return std::nullopt;
}

Result<Reply> put_state(Call& call) {
  auto instance = TRY(find_instance(call));
  api::InstanceStatePut request;
  request.timeout = -1;
  TRY(api::merge_json(request, TRY(api::parse_json(call.request.body))));
  auto type = type_of_action(request.action);
  if (!type) return fail(Code::invalid, "Unknown action: '{}'", request.action);
  instance::PowerOptions options{.timeout = seconds(request.timeout < 0 ? 600 : request.timeout), .force = request.force, .stateful = request.stateful};
  return start_work(call, *type, instance->name(), [instance, action = request.action, options](const instance::Job& job) {
    return instance::change_state(job, instance, action, options);
  });
}

constexpr Route kRoutes[] = {
    {Method::get, "/1.0/instances/{name}/state", kViewInstance, kProject, get_state, "Shows the running state of an instance"},
    {Method::put, "/1.0/instances/{name}/state", allow("instance", "can_update_state", "name"), kProject, put_state, "Starts, stops, restarts, freezes or unfreezes an instance"},
};

}  // namespace

extern const Routes instance_state_routes = kRoutes;

}  // namespace incusd
