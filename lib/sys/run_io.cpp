#include "sys/run_io.h"

#include <fcntl.h>
#include <poll.h>

#include <cerrno>

#include "sys/spawn.h"

namespace sys {
namespace {

Result<> make_pipe(UniqueFd& read_end, UniqueFd& write_end) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) < 0) return fail_errno("Failed making a pipe");
  read_end.reset(ends[0]);
  write_end.reset(ends[1]);
  return {};
}

/// One read; closes at the end of the stream.
Result<> drain(UniqueFd& fd, std::string& into, size_t limit) {
  char buffer[65536];
  ssize_t count = read(fd.get(), buffer, sizeof buffer);
  if (count < 0 && (errno == EINTR || errno == EAGAIN)) return {};
  if (count <= 0) {
    fd.reset();
    return {};
  }
  if (into.size() + static_cast<size_t>(count) > limit) return fail(Code::too_large, "More than {} bytes of output", limit);
  into.append(buffer, static_cast<size_t>(count));
  return {};
}

void feed_some(UniqueFd& fd, std::string_view& input) {
  ssize_t count = write(fd.get(), input.data(), input.size());
  if (count < 0 && (errno == EINTR || errno == EAGAIN)) return;
  if (count > 0) input.remove_prefix(static_cast<size_t>(count));
  if (count < 0 || input.empty()) fd.reset();
}

}  // namespace

Result<RunPipes> RunPipes::open(SpawnSpec& spec, bool with_input) {
  RunPipes pipes;
  if (with_input && spec.stdin_fd < 0) {
    TRY(make_pipe(pipes.in_read_, pipes.in_write_));
    fcntl(pipes.in_write_.get(), F_SETFL, O_NONBLOCK);
    spec.stdin_fd = pipes.in_read_.get();
  }
  if (spec.stdout_fd < 0) {
    TRY(make_pipe(pipes.out_read_, pipes.out_write_));
    spec.stdout_fd = pipes.out_write_.get();
  }
  if (spec.stderr_fd < 0) {
    TRY(make_pipe(pipes.err_read_, pipes.err_write_));
    spec.stderr_fd = pipes.err_write_.get();
  }
  return pipes;
}

void RunPipes::close_child_ends() {
  in_read_.reset();
  out_write_.reset();
  err_write_.reset();
}

Result<> RunPipes::feed(std::string_view text) {
  ssize_t count = in_write_ ? write(in_write_.get(), text.data(), text.size()) : -1;
  if (count != static_cast<ssize_t>(text.size())) return fail(Code::internal, "The program does not take its input");
  return {};
}

Result<> RunPipes::pump(const Context& ctx, std::string_view input, size_t max_output, std::string& out, std::string& err) {
  while (out_read_ || err_read_ || in_write_) {
    pollfd polled[4] = {{out_read_.get(), POLLIN, 0}, {err_read_.get(), POLLIN, 0}, {in_write_.get(), POLLOUT, 0}, {ctx.wake_fd(), POLLIN, 0}};
    int ready = poll(polled, 4, ctx.poll_timeout());
    TRY(ctx.check());
    if (ready < 0) {
      if (errno == EINTR) continue;
      return fail_errno("Failed waiting for output");
    }
    if (polled[0].revents) TRY(drain(out_read_, out, max_output));
    if (polled[1].revents) TRY(drain(err_read_, err, max_output));
    if (polled[2].revents) feed_some(in_write_, input);
  }
  return {};
}

}  // namespace sys
