// Operations, events, and what the machine says about itself.
#include "api/json_member.h"
#include "applets/agent/files.h"
#include "applets/agent/metrics.h"
#include "applets/agent/server.h"
#include "applets/agent/state.h"
#include "core/envelope.h"
#include "core/event_stream.h"
#include "core/operation_answers.h"

namespace agent {
namespace {

using core::Operation;
using http::Method;
using http::Response;

Result<std::shared_ptr<Operation>> find(Call& call) {
  const std::string& id = call.request.param("id");
  auto operation = call.agent.operations->find(id);
  if (!operation) return fail(Code::internal, "Operation '{}' doesn't exist", id);  // the status that clients of agents know
  return operation;
}

Result<Response> list_operations(Call& call) {
  bool full = parse_int(call.request.query.get("recursion")).value_or(0) > 0;
  return core::sync_response(core::operations_by_status(call.agent.operations->all(), full));
}

Result<Response> get_operation(Call& call) { return core::sync_response(api::dump(TRY(find(call))->render())); }

Result<Response> cancel_operation(Call& call) {
  auto done = TRY(find(call))->cancel();
  if (!done) return std::unexpected(std::move(done).error().with_code(Code::invalid));
  return core::sync_response("{}");
}

/// Where the operation failed, its error is the answer's.
Response wait_answer(Operation& operation) {
  if (!operation.finished()) return core::error_response(500, "context deadline exceeded");
  auto result = operation.wait(Context());
  return result ? core::sync_response(api::dump(operation.render())) : core::error_response(result.error());
}

Result<Response> wait_operation(Call& call) {
  int64_t timeout = -1;
  if (std::string text = call.request.query.get("timeout"); !text.empty()) {
    auto number = parse_int(text);
    if (!number) return fail(Code::internal, "Failed to extract operation wait timeout from URL: {}", quote(text));
    timeout = *number;
  }
  auto operation = find(call);
  if (!operation) return std::unexpected(std::move(operation).error().with_code(Code::not_found));
  return core::wait_response(std::move(*operation), call.agent.runtime, timeout, wait_answer);
}

Result<Response> connect_operation(Call& call) {
  auto operation = TRY(find(call));
  std::string secret = call.request.query.get("secret");
  if (secret.empty()) return fail(Code::internal, "missing secret");
  TRY(operation->check_connect(secret));
  return core::connect_response(std::move(operation), std::move(secret));
}

Result<Response> post_event(Call& call) {
  auto parsed = api::parse_json(call.request.body);
  if (!parsed) return std::unexpected(std::move(parsed).error().with_code(Code::internal));
  const Json& event = *parsed;
  std::string type = api::member_text(event, "type");
  if (type.empty()) return fail(Code::internal, "The event has no type");
  std::string metadata = api::dump_json(api::member(event, "metadata"));
  call.agent.events.send(type, "", metadata);
  if (type == "device" && call.agent.allows("mounts")) {
    call.agent.runtime.offload([metadata] { follow_device_event(Context(), metadata); });
  }
  return core::sync_response("null");
}

Result<Response> get_state(Call&) { return core::sync_response(api::dump(machine_state())); }
Result<Response> get_metrics(Call&) { return core::sync_response(machine_metrics()); }

constexpr Route kRoutes[] = {
    {Method::get, "/1.0/events", get_events},
    {Method::post, "/1.0/events", post_event},
    {Method::get, "/1.0/metrics", get_metrics, "metrics", "Guest metrics are disabled by configuration"},
    {Method::get, "/1.0/operations", list_operations},
    {Method::get, "/1.0/operations/{id}", get_operation},
    {Method::delete_, "/1.0/operations/{id}", cancel_operation},
    {Method::get, "/1.0/operations/{id}/wait", wait_operation},
    {Method::get, "/1.0/operations/{id}/websocket", connect_operation},
    {Method::get, "/1.0/state", get_state, "state", "Guest state reporting is disabled by configuration"},
};

}  // namespace

Result<Response> get_events(Call& call) {
  std::string asked = call.request.query.get("type");
  core::Events::Filter filter{.types = split(asked.empty() ? "logging,operation,lifecycle,config,device" : asked, ','), .project = {}, .all_projects = true, .visible_projects = {}};
  return core::event_stream(call.agent.runtime, call.request, [&events = call.agent.events, filter](core::Events::Listener listener) {
    return events.listen(filter, std::move(listener));
  });
}

const std::span<const Route> operation_routes = kRoutes;

}  // namespace agent
