// Bytes of a socket go to a file or another socket through a pipe: they never come into this process (splice(2)).
#pragma once
#include <sys/types.h>

#include <cstdint>

#include "base/result.h"
#include "base/unique_fd.h"

namespace sys {

/// What it holds is owed to the target: fill() only when held() is 0. One thread at a time.
class SplicePipe {
 public:
  /// As large as the kernel allows, up to 1 MiB. Errors: internal (no descriptors left).
  static Result<SplicePipe> open();

  /// Up to `most` bytes from a socket, without waiting. As splice(2): 0 at the end, -1 with errno (EAGAIN: nothing there).
  ssize_t fill(int socket, size_t most);
  /// Some of what it holds, to a socket (never waiting if that is non-blocking) or to a file at its own offset. As splice(2).
  ssize_t drain(int target);
  /// All of it to a file from `offset` on, or at the file's own offset if negative. Errors: internal (disk full). Blocks on the disk.
  Result<> drain_to_file(int file, int64_t offset);
  /// Throws away what it holds.
  void discard();
  size_t held() const { return held_; }

 private:
  Result<> copy_to_file(int file, int64_t offset);
  UniqueFd out_, in_;
  size_t held_ = 0;
};

}  // namespace sys
