// Operation waiting with Ctrl-C handling.
#include "applets/cli/wait.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>

#include <csignal>
#include <functional>
#include <stop_token>
#include <thread>

#include "applets/cli/editor.h"
#include "base/unique_fd.h"

namespace cli {

namespace {

/// While it lives, SIGINT does not end the process but calls `on_interrupt`, on a thread of its own.
class InterruptWatch {
 public:
  explicit InterruptWatch(std::function<void()> on_interrupt) {
    sigset_t interrupt;
    sigemptyset(&interrupt);
    sigaddset(&interrupt, SIGINT);
    pthread_sigmask(SIG_BLOCK, &interrupt, &before_);
    signals_ = UniqueFd(signalfd(-1, &interrupt, SFD_CLOEXEC));
    leave_ = UniqueFd(eventfd(0, EFD_CLOEXEC));
    watcher_ = std::thread([this, on_interrupt = std::move(on_interrupt)] {
      pollfd fds[] = {{signals_.get(), POLLIN, 0}, {leave_.get(), POLLIN, 0}};
      signalfd_siginfo info;
      while (poll(fds, 2, -1) < 0 || !fds[1].revents) {
        if (fds[0].revents && read(signals_.get(), &info, sizeof(info)) == sizeof(info)) on_interrupt();
      }
    });
  }
  ~InterruptWatch() {
    eventfd_write(leave_.get(), 1);
    watcher_.join();
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  InterruptWatch(const InterruptWatch&) = delete;
  InterruptWatch& operator=(const InterruptWatch&) = delete;

 private:
  sigset_t before_;
  UniqueFd signals_, leave_;
  std::thread watcher_;
};

/// What Ctrl-C does to a running operation.
struct Canceller {
  client::Endpoint endpoint;
  std::string id;
  Progress* progress;
  std::stop_source stop;
  std::string outcome;  ///< read after the watch ended
  int refusals = 0;

  void interrupt() {
    client::Server own(endpoint);  // the waiting thread's connection is busy
    Result<> cancelled = own.cancel_operation(Context(), id);
    if (!cancelled && ++refusals < 3) {
      if (progress) progress->warn(cancelled.error().message() + " (interrupt two more times to force)", std::chrono::seconds(5));
      return;
    }
    outcome = cancelled ? "Remote operation canceled by user" : "User signaled us three times, exiting. The remote operation will keep running";
    stop.request_stop();
  }
};

}  // namespace

Result<api::Operation> wait_for(Call& call, client::Server& server, const std::string& id, Progress* progress) {
  Canceller canceller{.endpoint = server.endpoint(), .id = id, .progress = progress};
  client::Server::Progress report;
  if (progress && stdout_is_terminal() && !call.quiet()) report = [progress](const api::Operation& operation) { progress->update(operation); };
  Result<api::Operation> operation = [&] {
    InterruptWatch watch([&] { canceller.interrupt(); });
    return server.wait_operation(Context(canceller.stop.get_token()), id, report);
  }();
  if (!canceller.outcome.empty()) return fail(Code::cancelled, "{}", canceller.outcome);
  if (operation) TRY(client::operation_result(*operation));
  return operation;
}

Result<std::optional<api::Operation>> run_request(Call& call, client::Server& server, http::Method method, const std::string& path, const std::string& body,
                                                  const std::string& etag, Progress* progress) {
  client::Reply reply = TRY(server.query(call.ctx, method, path, body, etag));
  if (reply.operation.empty()) return std::nullopt;
  return TRY(wait_for(call, server, reply.operation, progress));
}

Result<std::optional<api::Operation>> run_and_wait(Call& call, client::Server& server, http::Method method, const std::string& path, const Json& body,
                                                   const std::string& etag, std::string_view progress_format) {
  Progress progress(progress_format, call.quiet());
  auto operation = run_request(call, server, method, path, body.is_null() ? "" : api::dump_json(body), etag, progress_format.empty() ? nullptr : &progress);
  progress.done();
  return operation;
}

}  // namespace cli
