#include "instance/qemu/agent_exec.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <mutex>

#include "api/json.h"
#include "api/types/instance_exec.h"
#include "async/runtime.h"
#include "http/stream.h"

namespace instance::qemu {
namespace {

/// Output that a command left behind is on its way when its end is known; a connection that loses it may not delay the end for long.
constexpr seconds kOutputTime{5};
/// A sink for what the agent sends on streams that only go out.
constexpr auto kIgnore = [](http::WebSocket::Kind, std::string_view) {};

/// Shared by the process's owner and what the I/O threads still do for it.
class State : public std::enable_shared_from_this<State> {
 public:
  State(async::Runtime& runtime, UniqueFd ended) : runtime_(runtime), ended_(std::move(ended)) {}

  int fd() const { return ended_.get(); }
  void output_begins() {
    std::lock_guard guard(mutex_);
    outputs_++;
  }
  void output_ends() {
    std::lock_guard guard(mutex_);
    if (--outputs_ == 0 && code_) raise();
  }
  /// The agent told the end, or was lost.
  void ended(Result<int> code) {
    std::lock_guard guard(mutex_);
    if (code_) return;
    bool told = code.has_value();
    code_ = std::move(code);
    if (outputs_ == 0 || !told) return raise();
    patience_ = runtime_.after(kOutputTime, [weak = weak_from_this()] {
      auto self = weak.lock();
      if (!self) return;
      std::lock_guard late(self->mutex_);
      self->raise();
    });
  }
  std::optional<Result<int>> code() const {
    std::lock_guard guard(mutex_);
    return code_;
  }

 private:
  void raise() {
    uint64_t one = 1;
    (void)!write(ended_.get(), &one, sizeof one);  // an eventfd that is full is readable already
  }

  async::Runtime& runtime_;
  const UniqueFd ended_;  ///< an eventfd
  mutable std::mutex mutex_;
  int outputs_ = 0;
  std::optional<Result<int>> code_;
  std::shared_ptr<async::Runtime::Timer> patience_;
};

class AgentExecProcess final : public ExecProcess {
 public:
  AgentExecProcess(std::shared_ptr<State> state, std::vector<std::shared_ptr<http::WebSocket>> streams)
      : state_(std::move(state)), streams_(std::move(streams)) {}
  /// The agent kills a command whose control stream closes.
  ~AgentExecProcess() override {
    for (auto& stream : streams_) stream->close();
  }
  void hold(std::shared_ptr<void> end) { end_ = std::move(end); }

  pid_t pid() const override { return 0; }
  int exit_fd() const override { return state_->fd(); }
  Result<int> wait(const Context& ctx) override {
    TRY(ctx.wait_fd(state_->fd(), POLLIN));
    return state_->code().value_or(fail(Code::internal, "The command's end is unknown"));
  }
  Result<> signal(int number) override { return control(api::dump_json({{"command", "signal"}, {"signal", number}})); }
  Result<> resize(int width, int height) override {
    Json size = {{"width", std::to_string(width)}, {"height", std::to_string(height)}};
    return control(api::dump_json({{"command", "window-resize"}, {"args", size}}));
  }

 private:
  Result<> control(std::string message) {
    if (state_->code() || !streams_.front()->send(http::WebSocket::Kind::text, std::move(message))) return fail(Code::not_found, "The command has ended");
    return {};
  }

  std::shared_ptr<State> state_;
  std::vector<std::shared_ptr<http::WebSocket>> streams_;  ///< the first is for control
  std::shared_ptr<void> end_;                              ///< the request whose answer tells the end
};

std::string post_body(const ExecRequest& request) {
  api::InstanceExecPost post;
  post.command = request.command;
  post.wait_for_websocket = true;
  post.interactive = request.interactive;
  post.environment = request.environment;
  post.user = static_cast<uint64_t>(request.uid);
  post.group = static_cast<uint64_t>(request.gid);
  post.cwd = request.cwd;
  post.width = request.width;
  post.height = request.height;
  return api::dump(post);
}

/// `hang_up`: the other end shall see the end at once, although a pump in the other direction still holds the descriptor.
void pump_output(const std::shared_ptr<State>& state, const std::shared_ptr<http::WebSocket>& stream, int fd, bool hang_up) {
  auto kept = std::make_shared<UniqueFd>(hang_up ? fcntl(fd, F_DUPFD_CLOEXEC, 0) : -1);
  state->output_begins();
  stream->pump_to(fd, [state, kept, weak = std::weak_ptr(stream)] {
    if (*kept) shutdown(kept->get(), SHUT_RDWR);
    kept->reset();
    state->output_ends();
    if (auto alive = weak.lock()) alive->close();
  });
}

void pump_streams(const std::shared_ptr<State>& state, const ExecRequest& request, const std::map<std::string, std::shared_ptr<http::WebSocket>>& streams) {
  const auto& input = streams.at("0");
  if (request.interactive) {
    pump_output(state, input, request.stdout_fd, true);
  } else {
    pump_output(state, streams.at("1"), request.stdout_fd, false);
    pump_output(state, streams.at("2"), request.stderr_fd, false);
    input->start(kIgnore, [] {});
  }
  input->pump_from(request.stdin_fd, true, [] {});
}

}  // namespace

Result<std::unique_ptr<ExecProcess>> start_agent_exec(const Context& ctx, async::Runtime& runtime, const OpenChannel& open, const ExecRequest& request) {
  UniqueFd event(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!event) return fail_errno("eventfd");
  client::Channel channel = TRY(open(ctx));
  client::Request start{.method = http::Method::post, .target = "/1.0/exec"};
  start.headers.add("Content-Type", "application/json");
  start.body = post_body(request);
  auto answer = TRY(channel.send(ctx, start));
  if (answer.status >= 300) return std::unexpected(client::answer_error(answer));
  AgentExec exec = TRY(parse_agent_exec(answer.body, request.interactive));

  auto state = std::make_shared<State>(runtime, std::move(event));
  std::map<std::string, std::shared_ptr<http::WebSocket>> streams;
  std::string operation = "/1.0/operations/" + exec.operation;
  auto attach = [&](const std::string& name, const std::string& secret) -> Result<> {
    streams[name] = TRY(TRY(open(ctx)).websocket(ctx, operation + "/websocket?secret=" + secret, runtime));
    return {};
  };
  // Control first: the command begins when the others are there, and may be over at once.
  TRY(attach("control", exec.secrets.at("control")));
  for (const auto& [name, secret] : exec.secrets)
    if (name != "control") TRY(attach(name, secret));
  std::vector<std::shared_ptr<http::WebSocket>> all = {streams.at("control")};
  for (const auto& [name, stream] : streams) {
    if (name != "control") all.push_back(stream);
  }
  auto process = std::make_unique<AgentExecProcess>(state, std::move(all));
  streams.at("control")->start(kIgnore, [] {});
  pump_streams(state, request, streams);
  process->hold(TRY(std::move(channel).answer_later(ctx, {.target = operation + "/wait"}, runtime, [state](Result<client::Answer> end) {
    if (!end) return state->ended(std::unexpected(std::move(end).error()));
    state->ended(parse_agent_exit(end->status, end->body));
  })));
  return process;
}

}  // namespace instance::qemu
