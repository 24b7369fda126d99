// Background operations: list, show, wait, cancel, connect.
#include "applets/daemon/daemon.h"
#include "applets/daemon/route.h"
#include "core/operation_answers.h"

namespace incusd {
namespace {

using core::Operation;

Result<std::shared_ptr<Operation>> find_operation(Call& call) {
  auto operation = call.daemon.operations->find(call.param("id"));
  if (!operation) return fail(Code::not_found, "Operation not found");
  return operation;
}

bool may_view(const core::Identity& identity, const std::string& project) {
  return identity.admin || (!project.empty() && identity.can_see_project(project));
}

/// {"running": [...], "success": [...]}: grouped by status, in the order the operations began.
Result<Reply> list_operations(Call& call) {
  if (call.all_projects() && !call.query("project").empty()) {
    return fail(Code::invalid, "Cannot specify a project when requesting all projects");
  }
  std::vector<std::shared_ptr<Operation>> shown = call.daemon.operations->all();
  std::erase_if(shown, [&](const auto& operation) {
    const std::string& project = operation->project();
    return (!call.all_projects() && !project.empty() && project != call.project) || !may_view(call.identity, project);
  });
  return ok(core::operations_by_status(shown, call.recursion() > 0));
}

Result<Reply> get_operation(Call& call) { return ok(api::dump(TRY(find_operation(call))->render())); }

Result<Reply> cancel_operation(Call& call) {
  auto operation = TRY(find_operation(call));
  std::string project = operation->project().empty() ? "default" : operation->project();
  if (!call.identity.can_see_project(project)) return fail(Code::forbidden, "User does not have permission for project {}", quote(project));
  TRY(operation->cancel());
  call.daemon.events.lifecycle(project, "operation-cancelled", operation->url(), call.identity.requestor);
  return ok();
}

Result<Reply> wait_operation(Call& call) {
  std::string secret = call.query("secret");
  if (!call.identity.trusted && secret.empty()) return fail(Code::forbidden, "not authorized");
  int64_t timeout = -1;
  if (std::string text = call.query("timeout"); !text.empty()) {
    auto number = parse_int(text);
    if (!number) return fail(Code::internal, "Invalid timeout {}: give seconds", quote(text));  // upstream's status
    timeout = *number;
  }
  auto operation = TRY(find_operation(call));
  if (!secret.empty() && operation->metadata().value("secret", "") != secret) return fail(Code::forbidden, "not authorized");
  return raw(core::wait_response(std::move(operation), call.daemon.runtime, timeout));
}

Result<Reply> connect_operation(Call& call) {
  std::string secret = call.query("secret");
  if (secret.empty()) return fail(Code::invalid, "Missing websocket secret");
  auto operation = TRY(find_operation(call));
  TRY(operation->check_connect(secret));
  return raw(core::connect_response(std::move(operation), std::move(secret)));
}

constexpr Route kRoutes[] = {
    {http::Method::get, "/1.0/operations", kAuthenticated, kInline, list_operations, "Operations by status"},
    {http::Method::get, "/1.0/operations/{id}", kAuthenticated, kInline, get_operation, "One operation"},
    {http::Method::delete_, "/1.0/operations/{id}", kAuthenticated, kInline, cancel_operation, "Cancel an operation"},
    {http::Method::get, "/1.0/operations/{id}/wait", kUntrusted, kInline, wait_operation, "Wait for an operation to end"},
    {http::Method::get, "/1.0/operations/{id}/websocket", kUntrusted, kInline, connect_operation, "Connect to an operation"},
};

}  // namespace

extern const Routes operation_routes = kRoutes;

}  // namespace incusd
