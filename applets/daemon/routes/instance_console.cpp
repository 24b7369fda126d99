// /1.0/instances/{name}/console: one text console session at a time, and the log of what went through it.
#include <unistd.h>

#include <condition_variable>
#include <mutex>

#include "api/types/instance_console.h"
#include "applets/daemon/routes/instance_common.h"
#include "base/encode.h"
#include "http/stream.h"
#include "instance/lxc/container.h"
#include "sys/pty.h"

namespace incusd {
namespace {

using http::Method;
using http::WebSocket;

constexpr seconds kConnectTimeout{10};

class ConsoleSession : public std::enable_shared_from_this<ConsoleSession> {
 public:
  ConsoleSession(instance::InstancePtr instance, api::InstanceConsolePost post)
      : instance_(std::move(instance)), post_(std::move(post)), data_secret_(random_secret()), control_secret_(random_secret()) {}

  Json metadata() const { return {{"fds", {{"0", data_secret_}, {"control", control_secret_}}}}; }

  Result<> connect(const std::string& secret, std::shared_ptr<WebSocket> socket) {
    std::unique_lock guard(mutex_);
    bool is_control = secret == control_secret_;
    if (!is_control && secret != data_secret_) return fail(Code::forbidden, "Invalid websocket secret");
    auto& place = is_control ? control_ : data_;
    if (place) return fail(Code::invalid, "This stream is connected already");
    place = socket;
    guard.unlock();
    if (is_control) listen_to_control(std::move(socket));
    changed_.notify_all();
    return {};
  }

  Result<> run(const Context& ctx) {
    std::unique_lock guard(mutex_);
    changed_.wait_for(guard, ctx.stop_token(), kConnectTimeout, [&] { return data_ && control_; });
    TRY(ctx.check());
    if (!data_ || !control_) return fail(Code::timeout, "Timed out waiting for websockets to connect");
    guard.unlock();
    auto fds = TRY(instance_->container()->console(ctx));
    auto terminal = std::make_shared<instance::ConsoleFds>(std::move(fds));
    guard.lock();
    terminal_ = terminal->terminal.get();
    if (post_.width > 0 && post_.height > 0) (void)sys::resize_pty(terminal_, static_cast<int>(post_.width), static_cast<int>(post_.height));
    auto ended = [self = shared_from_this(), terminal] { self->end(); };
    data_->pump_from(terminal_, false, ended);
    data_->pump_to(terminal_, ended);
    changed_.wait(guard, ctx.stop_token(), [&] { return over_; });
    terminal_ = -1;
    guard.unlock();
    (void)!write(terminal->terminal.get(), "\x1b" "c", 2);  // resets the terminal for the next one; it may be gone
    data_->close();
    control_->close();
    return ctx.stopped() ? Result<>(fail(Code::cancelled, "Console session was taken over")) : Result<>();
  }

 private:
  void end() {
    std::lock_guard guard(mutex_);
    over_ = true;
    changed_.notify_all();
  }

  void listen_to_control(std::shared_ptr<WebSocket> socket) {
    auto self = shared_from_this();
    socket->start([self](WebSocket::Kind, std::string_view text) { self->control(text); }, [self] { self->end(); });
  }

  void control(std::string_view text) {
    auto command = api::parse<api::InstanceConsoleControl>(text);
    if (!command || command->command != "window-resize") return;
    auto width = parse_int(get_or(command->args, "width")), height = parse_int(get_or(command->args, "height"));
    std::lock_guard guard(mutex_);
    if (width && height && terminal_ >= 0) (void)sys::resize_pty(terminal_, static_cast<int>(*width), static_cast<int>(*height));
  }

  instance::InstancePtr instance_;
  api::InstanceConsolePost post_;
  std::string data_secret_, control_secret_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::shared_ptr<WebSocket> data_, control_;
  int terminal_ = -1;
  bool over_ = false;
};

/// The session that has this instance's console now.
std::shared_ptr<core::Operation> current_session(Call& call, const std::string& url) {
  for (const auto& operation : call.daemon.operations->all()) {
    if (operation->type() != core::OperationType::console_show || operation->project() != call.project || operation->finished()) continue;
    auto resources = operation->render().resources;
    if (contains(resources["instances"], url)) return operation;
  }
  return nullptr;
}

Result<Reply> open_console(Call& call) {
  auto instance = TRY(find_instance(call));
  auto post = TRY(call.body<api::InstanceConsolePost>());
  if (!post.type.empty() && post.type != "console" && post.type != "vga") return fail(Code::invalid, "Unknown console type {}", quote(post.type));
  if (post.type == "vga") return fail(Code::invalid, "VGA console is only supported by virtual machines");
  if (!instance->running()) return fail(Code::invalid, "Instance is not running");
  if (instance->status() == instance::Status::frozen) return fail(Code::invalid, "Instance is frozen");
  std::string url = instance_path(instance->name());
  if (auto other = current_session(call, url)) {
    if (!post.force) return fail(Code::internal, "This console is already connected. Force is required to take it over.");
    TRY(other->cancel());
  }
  auto session = std::make_shared<ConsoleSession>(instance, post);
  core::OperationSpec spec{.type = core::OperationType::console_show, .cls = core::OperationClass::websocket, .project = call.project,
                           .resources = {{"instances", {url}}}, .metadata = session->metadata(), .may_cancel = true, .requestor = call.identity.requestor};
  spec.run = [session](const Context& ctx, core::Operation&) { return session->run(ctx); };
  spec.connect = [session](core::Operation&, const std::string& secret, std::shared_ptr<WebSocket> socket) { return session->connect(secret, std::move(socket)); };
  instance::lifecycle(*instance, job_of(call), "instance-console", {{"type", post.type.empty() ? "console" : post.type}});
  return accepted(call, std::move(spec));
}

Result<Reply> get_log(Call& call) {
  auto instance = TRY(find_instance(call));
  http::Response response;
  response.body = TRY(instance->container()->console_log(call.ctx));
  response.headers.set("Content-Type", "application/octet-stream");
  response.headers.set("Content-Disposition", "inline;filename=\"console.log\"");
  instance::lifecycle(*instance, job_of(call), "instance-console-retrieved");
  return raw(std::move(response));
}

Result<Reply> clear_log(Call& call) {
  auto instance = TRY(find_instance(call));
  TRY(instance->container()->clear_console_log(call.ctx));
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
