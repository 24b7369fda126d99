// Background operations: list, show, wait, cancel, connect.
#include <mutex>

#include "applets/daemon/daemon.h"
#include "applets/daemon/envelope.h"
#include "applets/daemon/route.h"
#include "http/stream.h"

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
  std::map<std::string, std::string> groups;
  for (const auto& operation : call.daemon.operations->all()) {
    const std::string& project = operation->project();
    if (!call.all_projects() && !project.empty() && project != call.project) continue;
    if (!may_view(call.identity, project)) continue;
    api::Operation rendered = operation->render();
    std::string& list = groups[to_lower(rendered.status)];
    list += list.empty() ? "" : ",";
    list += call.recursion() > 0 ? api::dump(rendered) : '"' + operation->url() + '"';
  }
  std::string out = "{";
  for (const auto& [status, list] : groups) out += (out.size() > 1 ? ",\"" : "\"") + status + "\":[" + list + "]";
  return ok(out + "}");
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

/// One reply, whichever of the end and the timeout comes first.
struct Waiter {
  std::mutex mutex;
  std::function<void(http::Response)> reply;
  std::shared_ptr<async::Runtime::Timer> timer;

  void answer(const Operation& operation) {
    std::function<void(http::Response)> once;
    std::shared_ptr<async::Runtime::Timer> unused;
    {
      std::lock_guard guard(mutex);
      once.swap(reply);
      unused.swap(timer);
    }
    if (once) once(sync_response(api::dump(operation.render())));
  }
};

/// Waits without a thread: the answer is given by the operation's end or by a timer.
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
  http::Response response;
  response.deferred = [operation, timeout, &runtime = call.daemon.runtime](std::function<void(http::Response)> reply) {
    auto waiter = std::make_shared<Waiter>();
    waiter->reply = std::move(reply);
    if (timeout >= 0 && !operation->finished()) {
      auto timer = runtime.after(seconds(timeout), [waiter, operation] { waiter->answer(*operation); });
      std::lock_guard guard(waiter->mutex);
      if (waiter->reply) waiter->timer = std::move(timer);
    }
    operation->when_done([waiter, operation] { waiter->answer(*operation); });
  };
  return raw(std::move(response));
}

Result<Reply> connect_operation(Call& call) {
  std::string secret = call.query("secret");
  if (secret.empty()) return fail(Code::invalid, "Missing websocket secret");
  auto operation = TRY(find_operation(call));
  TRY(operation->check_connect(secret));
  http::Response response;
  response.websocket = [operation, secret](std::shared_ptr<http::WebSocket> socket) { operation->connect(secret, std::move(socket)); };
  return raw(std::move(response));
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
