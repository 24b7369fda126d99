#include "base/context.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>

struct Context::Wake {
  explicit Wake(const std::stop_token& stop) : fd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    callback.emplace(stop, Signal{fd});
  }
  ~Wake() {
    callback.reset();  // before the descriptor, so that a late stop never writes into a reused number
    close(fd);
  }
  struct Signal {
    int fd;
    void operator()() const { (void)eventfd_write(fd, 1); }
  };
  int fd;
  std::optional<std::stop_callback<Signal>> callback;
};

Context::Context() = default;

Context::Context(std::stop_token stop) : stop_(std::move(stop)) {
  if (stop_.stop_possible()) wake_ = std::make_shared<Wake>(stop_);
}

Context Context::with_timeout(Duration timeout) const {
  Context child = *this;
  child.deadline_ = std::min(deadline_, Clock::now() + timeout);
  return child;
}

Context Context::detached(Duration timeout) { return Context().with_timeout(timeout); }

Result<> Context::check() const {
  if (stopped()) return fail(Code::cancelled, "Operation cancelled");
  if (expired()) return fail(Code::timeout, "Timed out");
  return {};
}

int Context::wake_fd() const { return wake_ ? wake_->fd : -1; }

int Context::poll_timeout() const {
  if (deadline_ == Clock::time_point::max()) return -1;
  auto left = std::chrono::ceil<milliseconds>(deadline_ - Clock::now()).count();
  return static_cast<int>(std::clamp<long long>(left, 0, 1 << 30));
}

Result<> Context::wait_fd(int fd, short events) const {
  for (;;) {
    pollfd fds[2] = {{fd, events, 0}, {wake_fd(), POLLIN, 0}};
    int n = poll(fds, 2, poll_timeout());
    if (n < 0 && errno != EINTR) return fail_errno("poll");
    if (n > 0 && fds[0].revents) return {};
    TRY(check());
  }
}

Result<> Context::sleep(Duration duration) const {
  Context nap = with_timeout(duration);
  auto waited = nap.wait_fd(-1, 0);
  if (!waited && waited.error().code() == Code::timeout && !expired()) return {};
  return waited;
}
