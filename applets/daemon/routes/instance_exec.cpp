// POST /1.0/instances/{name}/exec: running commands, with their streams over websockets, recorded, or thrown away (wire.md, section 5.1).
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <condition_variable>
#include <mutex>

#include "api/types/instance_exec.h"
#include "applets/daemon/routes/instance_common.h"
#include "base/encode.h"
#include "base/log.h"
#include "http/stream.h"
#include "instance/exec.h"
#include "instance/lxc/container.h"
#include "sys/pty.h"

namespace incusd {
namespace {

using http::Method;
using http::WebSocket;

/// All streams of a session must be connected within this time.
constexpr seconds kConnectTimeout{10};
/// What a command's children hold open after its end is given up once nothing came through for this long.
constexpr milliseconds kDrainStep{20};
constexpr int kDrainSteps = 3;

/// One command with its websockets. Shared by the operation, the pumps and the control stream.
class ExecSession : public std::enable_shared_from_this<ExecSession> {
 public:
  ExecSession(instance::InstancePtr instance, api::InstanceExecPost post) : instance_(std::move(instance)), post_(std::move(post)) {
    for (const char* name : {"0", "1", "2"})
      if (!post_.interactive || std::string_view(name) == "0") secrets_[name] = random_secret();
    secrets_["control"] = random_secret();
  }

  Json metadata() const {
    Json fds = Json::object(), environment = Json::object();
    for (const auto& [name, secret] : secrets_) fds[name] = secret;
    for (const auto& [key, value] : post_.environment) environment[key] = value;
    return {{"command", post_.command}, {"environment", environment}, {"fds", fds}, {"interactive", post_.interactive}};
  }

  Result<> connect(const std::string& secret, std::shared_ptr<WebSocket> socket) {
    std::unique_lock guard(mutex_);
    for (const auto& [name, known] : secrets_) {
      if (known != secret) continue;
      if (sockets_.contains(name)) return fail(Code::invalid, "This stream is connected already");
      sockets_[name] = socket;
      guard.unlock();
      if (name == "control") listen_to_control(std::move(socket));
      changed_.notify_all();
      return {};
    }
    return fail(Code::forbidden, "Invalid websocket secret");
  }

  Result<> run(const Context& ctx, core::Operation& operation) {
    TRY(await_streams(ctx));
    auto code = post_.interactive ? run_terminal(ctx) : run_pipes(ctx);
    for (auto& [name, socket] : sockets()) socket->close();
    if (!code) {
      (void)operation.update_metadata({{"return", -1}});  // the error itself is what counts
      return std::unexpected(code.error());
    }
    return operation.update_metadata({{"return", *code}});
  }

 private:
  std::map<std::string, std::shared_ptr<WebSocket>> sockets() {
    std::lock_guard guard(mutex_);
    return sockets_;
  }

  bool all_connected() const {
    for (const auto& [name, secret] : secrets_)
      if (!sockets_.contains(name) && (name != "control" || post_.interactive)) return false;
    return true;
  }

  Result<> await_streams(const Context& ctx) {
    std::unique_lock guard(mutex_);
    changed_.wait_for(guard, ctx.stop_token(), kConnectTimeout, [&] { return all_connected(); });
    TRY(ctx.check());
    if (!all_connected()) return fail(Code::timeout, "Timed out waiting for websockets to connect");
    return {};
  }

  void listen_to_control(std::shared_ptr<WebSocket> socket) {
    auto self = shared_from_this();
    socket->start([self](WebSocket::Kind kind, std::string_view text) { if (kind == WebSocket::Kind::text) self->control(text); },
                  [self] { self->signal(SIGKILL); });
  }

  void control(std::string_view text) {
    auto command = api::parse<api::InstanceExecControl>(text);
    if (!command) return log_debug("Broken control message", {{"error", command.error().message()}});
    if (command->command == "signal") signal(static_cast<int>(command->signal));
    if (command->command != "window-resize") return;
    auto width = parse_int(get_or(command->args, "width")), height = parse_int(get_or(command->args, "height"));
    std::lock_guard guard(mutex_);
    if (!width || !height) return;
    post_.width = *width;
    post_.height = *height;
    if (terminal_ >= 0) (void)sys::resize_pty(terminal_, static_cast<int>(*width), static_cast<int>(*height));  // the terminal may be gone
  }

  void signal(int number) {
    std::lock_guard guard(mutex_);
    if (process_) (void)process_->signal(number);  // it may have ended
    else early_signal_ = number;
  }

  instance::ExecRequest request(int in, int out, int err) const {
    int64_t uid = static_cast<int64_t>(post_.user);
    return {.command = post_.command, .environment = instance::exec_environment(*instance_, post_.environment, uid), .cwd = post_.cwd,
            .uid = uid, .gid = static_cast<int64_t>(post_.group), .interactive = post_.interactive, .stdin_fd = in, .stdout_fd = out, .stderr_fd = err};
  }

  Result<> begin(const Context& ctx, const instance::ExecRequest& request) {
    auto process = TRY(instance_->container()->exec(ctx, request));
    std::lock_guard guard(mutex_);
    process_ = std::move(process);
    if (early_signal_) (void)process_->signal(early_signal_);
    return {};
  }

  /// Waits for the end, then until the outputs are quiet: grandchildren may hold them open for ever.
  Result<int> finish(const Context& ctx, std::vector<int> outputs) {
    auto code = process_->wait(ctx);
    if (!code) {
      signal(SIGKILL);
      (void)process_->wait(Context::detached(seconds(5)));
    }
    Context drain = Context::detached(seconds(30));
    for (int quiet = 0; pumping_ > 0 && quiet < kDrainSteps;) {
      int waiting = 0;
      for (int fd : outputs) {
        int bytes = 0;
        if (ioctl(fd, FIONREAD, &bytes) == 0) waiting += bytes;
      }
      quiet = waiting == 0 ? quiet + 1 : 0;
      if (await_pumps(kDrainStep) || !drain.check()) break;
    }
    return code;
  }

  /// True once no output is pumped any more.
  bool await_pumps(milliseconds time) {
    std::unique_lock guard(mutex_);
    return changed_.wait_for(guard, time, [&] { return pumping_ == 0; });
  }

  void pump_out(const std::string& name, int fd, std::shared_ptr<UniqueFd> hold) {
    {
      std::lock_guard guard(mutex_);
      pumping_++;
    }
    sockets()[name]->pump_from(fd, true, [self = shared_from_this(), hold] {
      std::lock_guard guard(self->mutex_);
      self->pumping_--;
      self->changed_.notify_all();
    });
  }

  Result<int> run_terminal(const Context& ctx) {
    auto [outer, inner] = TRY(instance_->container()->open_pty(static_cast<int64_t>(post_.user), static_cast<int64_t>(post_.group)));
    auto terminal = std::make_shared<UniqueFd>(std::move(outer));
    {
      std::lock_guard guard(mutex_);
      terminal_ = terminal->get();
      if (post_.width > 0 && post_.height > 0) (void)sys::resize_pty(terminal_, static_cast<int>(post_.width), static_cast<int>(post_.height));
    }
    auto started = begin(ctx, request(inner.get(), inner.get(), inner.get()));
    inner.reset();
    if (started) {
      pump_out("0", terminal->get(), terminal);
      sockets()["0"]->pump_to(terminal->get(), [terminal] {});
    }
    auto code = started ? finish(ctx, {terminal->get()}) : Result<int>(std::unexpected(started.error()));
    std::lock_guard guard(mutex_);
    terminal_ = -1;
    return code;
  }

  Result<int> run_pipes(const Context& ctx) {
    UniqueFd inside[3];
    std::shared_ptr<UniqueFd> outside[3];
    for (int i = 0; i < 3; i++) {
      int ends[2];
      if (pipe2(ends, O_CLOEXEC) != 0) return fail_errno("Failed making a pipe");
      inside[i].reset(ends[i == 0 ? 0 : 1]);
      outside[i] = std::make_shared<UniqueFd>(ends[i == 0 ? 1 : 0]);
    }
    TRY(begin(ctx, request(inside[0].get(), inside[1].get(), inside[2].get())));
    for (UniqueFd& fd : inside) fd.reset();
    pump_out("1", outside[1]->get(), outside[1]);
    pump_out("2", outside[2]->get(), outside[2]);
    sockets()["0"]->pump_to(outside[0]->get(), [hold = outside[0]] { hold->reset(); });
    return finish(ctx, {outside[1]->get(), outside[2]->get()});
  }

  instance::InstancePtr instance_;
  api::InstanceExecPost post_;
  std::map<std::string, std::string> secrets_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::map<std::string, std::shared_ptr<WebSocket>> sockets_;
  std::unique_ptr<instance::ExecProcess> process_;
  int terminal_ = -1;
  int early_signal_ = 0;
  int pumping_ = 0;
};

/// Without websockets: output goes to files or nowhere.
Result<> run_unattended(const Context& ctx, core::Operation& operation, const instance::InstancePtr& instance, const api::InstanceExecPost& post) {
  UniqueFd null(open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!null) return fail_errno("Failed opening /dev/null");
  instance::ExecRecord record;
  if (post.record_output) record = TRY(instance::record_output(*instance, operation.id()));
  int64_t uid = static_cast<int64_t>(post.user);
  instance::ExecRequest request{.command = post.command, .environment = instance::exec_environment(*instance, post.environment, uid), .cwd = post.cwd,
                                .uid = uid, .gid = static_cast<int64_t>(post.group), .stdin_fd = null.get(),
                                .stdout_fd = record.out ? record.out.get() : null.get(), .stderr_fd = record.err ? record.err.get() : null.get()};
  auto process = TRY(instance->container()->exec(ctx, request));
  auto code = process->wait(ctx);
  if (!code) {
    (void)process->signal(SIGKILL);
    return std::unexpected(code.error());
  }
  Json metadata = {{"return", *code}};
  std::string logs = instance_path(instance->name()) + "/logs/exec-output/";
  if (post.record_output) metadata["output"] = {{"1", logs + record.out_name}, {"2", logs + record.err_name}};
  return operation.update_metadata(metadata);
}

Result<Reply> exec(Call& call) {
  auto instance = TRY(find_instance(call));
  auto post = TRY(call.body<api::InstanceExecPost>());
  if (post.command.empty()) return fail(Code::invalid, "Command is missing");
  if (!instance->running()) return fail(Code::invalid, "Instance is not running");
  if (instance->status() == instance::Status::frozen) return fail(Code::invalid, "Instance is frozen");
  for (const auto& [key, value] : post.environment)
    if (key.empty() || key.contains('=') || (key + value).contains('\0')) return fail(Code::invalid, "Invalid environment variable {}", quote(key));
  core::OperationSpec spec{.type = core::OperationType::command_exec, .project = call.project,
                           .resources = {{"instances", {instance_path(instance->name())}}}, .requestor = call.identity.requestor};
  instance::lifecycle(*instance, job_of(call), "instance-exec", {{"command", post.command}});
  if (!post.wait_for_websocket) {
    spec.run = [instance, post](const Context& ctx, core::Operation& operation) { return run_unattended(ctx, operation, instance, post); };
    return accepted(call, std::move(spec));
  }
  post.environment = instance::exec_environment(*instance, post.environment, static_cast<int64_t>(post.user));
  auto session = std::make_shared<ExecSession>(instance, post);
  spec.cls = core::OperationClass::websocket;
  spec.metadata = session->metadata();
  spec.run = [session](const Context& ctx, core::Operation& operation) { return session->run(ctx, operation); };
  spec.connect = [session](core::Operation&, const std::string& secret, std::shared_ptr<WebSocket> socket) { return session->connect(secret, std::move(socket)); };
  return accepted(call, std::move(spec));
}

constexpr Route kRoutes[] = {
    {Method::post, "/1.0/instances/{name}/exec", allow("instance", "can_exec", "name"), kProject, exec, "Runs a command in an instance"},
};

}  // namespace

extern const Routes instance_exec_routes = kRoutes;

}  // namespace incusd
