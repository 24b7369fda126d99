#include "sys/splice.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace sys {

namespace {
// Above the default pipe(7) counts against a user's limit, which is no error: then it stays small.
constexpr int kSize = 1 << 20;
constexpr size_t kCopied = 16 << 10;
}  // namespace

Result<SplicePipe> SplicePipe::open() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return fail_errno("pipe2");
  SplicePipe pipe;
  pipe.out_.reset(ends[0]);
  pipe.in_.reset(ends[1]);
  (void)fcntl(ends[1], F_SETPIPE_SZ, kSize);
  return pipe;
}

ssize_t SplicePipe::fill(int socket, size_t most) {
  ssize_t got = splice(socket, nullptr, in_.get(), nullptr, most, SPLICE_F_NONBLOCK | SPLICE_F_MOVE);
  if (got > 0) held_ += static_cast<size_t>(got);
  return got;
}

ssize_t SplicePipe::drain(int target) {
  ssize_t put = splice(out_.get(), nullptr, target, nullptr, held_, SPLICE_F_MOVE);
  if (put > 0) held_ -= static_cast<size_t>(put);
  return put;
}

Result<> SplicePipe::drain_to_file(int file, int64_t offset) {
  while (held_ > 0) {
    loff_t at = offset;
    ssize_t put = splice(out_.get(), nullptr, file, offset < 0 ? nullptr : &at, held_, SPLICE_F_MOVE);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0 && errno == EINVAL) return copy_to_file(file, offset);  // a file system without splice
    if (put <= 0) return fail_errno("Failed writing");
    held_ -= static_cast<size_t>(put);
    if (offset >= 0) offset = at;
  }
  return {};
}

Result<> SplicePipe::copy_to_file(int file, int64_t offset) {
  char bytes[kCopied];
  while (held_ > 0) {
    ssize_t got = ::read(out_.get(), bytes, std::min(held_, sizeof bytes));
    if (got <= 0) return fail_errno("Failed reading a pipe");
    held_ -= static_cast<size_t>(got);
    for (ssize_t done = 0; done < got;) {
      auto left = static_cast<size_t>(got - done);
      ssize_t put = offset < 0 ? ::write(file, bytes + done, left) : pwrite(file, bytes + done, left, offset + done);
      if (put < 0 && errno == EINTR) continue;
      if (put <= 0) return fail_errno("Failed writing");
      done += put;
    }
    if (offset >= 0) offset += got;
  }
  return {};
}

void SplicePipe::discard() {
  char bytes[kCopied];
  while (held_ > 0) {
    ssize_t got = ::read(out_.get(), bytes, std::min(held_, sizeof bytes));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return;
    held_ -= static_cast<size_t>(got);
  }
}

}  // namespace sys
