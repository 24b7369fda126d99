// /1.0/instances/{name}/console: one text console session at a time, and the log of what went through it; of virtual machines also their screen.
#include <sys/mman.h>
#include <sys/stat.h>

#include "api/types/instance_console.h"
#include "applets/daemon/routes/instance_common.h"
#include "applets/daemon/sessions/console_session.h"
#include "applets/daemon/sessions/graphics_session.h"

namespace incusd {
namespace {

using http::Method;
using http::WebSocket;

/// The session that has this instance's console now.
std::shared_ptr<core::Operation> current_session(Call& call, const std::string& url) {
  for (const auto& operation : call.daemon.operations->all()) {
    if (operation->type() != core::OperationType::console_show || operation->project() != call.project || operation->finished()) continue;
    auto resources = operation->render().resources;
    if (contains(resources["instances"], url)) return operation;
  }
  return nullptr;
}

/// The part of the operation that both kinds of console share.
core::OperationSpec operation_of(Call& call, const instance::InstancePtr& instance, Json secrets) {
  return {.type = core::OperationType::console_show, .cls = core::OperationClass::websocket, .project = call.project,
          .resources = {{"instances", {instance_path(instance->name())}}}, .metadata = {{"fds", std::move(secrets)}}, .may_cancel = true,
          .requestor = call.identity.requestor};
}

Result<Reply> open_graphics(Call& call, const instance::InstancePtr& instance) {
  auto session = std::make_shared<GraphicsSession>(call.daemon.runtime, instance);
  core::OperationSpec spec = operation_of(call, instance, session->secrets());
  spec.run = [session](const Context& ctx, core::Operation& operation) { return session->start(ctx, operation); };
  spec.connect = [session](core::Operation&, const std::string& secret, std::shared_ptr<WebSocket> socket) { return session->join(secret, std::move(socket)); };
  instance::lifecycle(*instance, job_of(call), "instance-console", {{"type", "vga"}});
  return accepted(call, std::move(spec));
}

Result<Reply> open_console(Call& call) {
  auto instance = TRY(find_instance(call));
  auto post = TRY(call.body<api::InstanceConsolePost>());
  if (!post.type.empty() && post.type != "console" && post.type != "vga") return fail(Code::invalid, "Unknown console type {}", quote(post.type));
  if (post.type == "vga" && !instance->runtime()->hardware()) return fail(Code::invalid, "VGA console is only supported by virtual machines");
  if (!instance->running()) return fail(Code::invalid, "Instance is not running");
  if (instance->status() == instance::Status::frozen) return fail(Code::invalid, "Instance is frozen");
  if (post.type == "vga") return open_graphics(call, instance);
  std::string url = instance_path(instance->name());
  if (auto other = current_session(call, url)) {
    if (!post.force) return fail(Code::internal, "This console is already connected. Force is required to take it over.");
    TRY(other->cancel());
  }
  auto session = std::make_shared<ConsoleSession>(call.daemon.runtime, instance, post);
  core::OperationSpec spec = operation_of(call, instance, session->secrets());
  spec.run = [session](const Context& ctx, core::Operation& operation) { return session->start(ctx, operation); };
  spec.connect = [session](core::Operation&, const std::string& secret, std::shared_ptr<WebSocket> socket) { return session->connect(secret, std::move(socket)); };
  instance::lifecycle(*instance, job_of(call), "instance-console", {{"type", post.type.empty() ? "console" : post.type}});
  return accepted(call, std::move(spec));
}

/// The screen as it is now.
Result<Reply> get_picture(Call& call, const instance::InstancePtr& instance) {
  auto* hardware = instance->runtime()->hardware();
  if (!hardware) return fail(Code::invalid, "Taking VGA screenshots is only supported on virtual machines");
  if (!instance->running()) return fail(Code::invalid, "Instance is not running");
  UniqueFd fd(memfd_create("screen", MFD_CLOEXEC));
  if (!fd) return fail_errno("Failed making a memory file");
  TRY_CTX(hardware->screenshot(call.ctx, fd.get()), "Failed to take screenshot");
  struct stat info{};
  if (fstat(fd.get(), &info) < 0 || lseek(fd.get(), 0, SEEK_SET) < 0) return fail_errno("Failed reading a memory file");
  http::Response response;
  response.file = std::move(fd);
  response.file_size = static_cast<uint64_t>(info.st_size);
  response.headers.set("Content-Type", "image/png");
  instance::lifecycle(*instance, job_of(call), "instance-console-retrieved");
  return raw(std::move(response));
}

Result<Reply> get_log(Call& call) {
  auto instance = TRY(find_instance(call));
  std::string type = call.query("type");
  if (type == "vga") return get_picture(call, instance);
  if (!type.empty() && type != "log") return fail(Code::invalid, "Unsupported console type {}", quote(type));
  http::Response response;
  response.body = TRY(instance->runtime()->console_log(call.ctx));
  response.headers.set("Content-Type", "application/octet-stream");
  response.headers.set("Content-Disposition", "inline;filename=\"console.log\"");
  instance::lifecycle(*instance, job_of(call), "instance-console-retrieved");
  return raw(std::move(response));
}

Result<Reply> clear_log(Call& call) {
  auto instance = TRY(find_instance(call));
  TRY(instance->runtime()->clear_console_log(call.ctx));
  instance::lifecycle(*instance, job_of(call), "instance-console-reset");
  return ok();
}

constexpr Route kRoutes[] = {
    {Method::post, "/1.0/instances/{name}/console", allow("instance", "can_access_console", "name"), kProject, open_console, "Connects to the console"},
    {Method::get, "/1.0/instances/{name}/console", kViewInstance, kProject, get_log, "Reads the console log"},
    {Method::delete_, "/1.0/instances/{name}/console", kEditInstance, kProject, clear_log, "Clears the console log"},
};

}  // namespace

extern const Routes instance_console_routes = kRoutes;

}  // namespace incusd
