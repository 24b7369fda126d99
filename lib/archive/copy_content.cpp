// How one file's bytes get from here to there: shared blocks, then the kernel's copy, then read and write.
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "archive/copy_tree.h"
#include "base/write_all.h"
#include "sys/unnamed_file.h"

namespace archive {

namespace {

// Small enough to stay in the second-level cache between read and write, large enough to make few calls.
constexpr size_t kBuffer = 256 << 10;

Result<> copy_range(const Context& ctx, int source, int target, int64_t offset, int64_t length) {
  thread_local std::vector<char> buffer(kBuffer);
  while (length > 0) {
    TRY(ctx.check());
    ssize_t got = pread(source, buffer.data(), std::min<size_t>(buffer.size(), static_cast<size_t>(length)), offset);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno("Failed reading");
    if (got == 0) return {};  // shortened while it was copied
    for (ssize_t done = 0; done < got;) {
      ssize_t put = pwrite(target, buffer.data() + done, static_cast<size_t>(got - done), offset + done);
      if (put < 0 && errno == EINTR) continue;
      if (put < 0) return fail_errno("Failed writing");
      done += put;
    }
    offset += got;
    length -= got;
  }
  return {};
}

}  // namespace

bool shares_blocks(const std::string& folder) {
  auto source = sys::unnamed_file(folder), target = sys::unnamed_file(folder);
  if (!source || !target || !write_all(source->get(), std::string(64 << 10, 'x'))) return false;
  // SAFETY: as below.
  return ioctl(target->get(), FICLONE, source->get()) == 0;
}

Result<> copy_content(const Context& ctx, int source, int target, int64_t size, bool sparse, std::atomic<bool>* may_share) {
  if (size == 0) return {};
  if (!may_share || may_share->load(std::memory_order_relaxed)) {
    // SAFETY: FICLONE takes a descriptor as its argument and touches nothing of ours.
    if (ioctl(target, FICLONE, source) == 0) return {};
    if (may_share && (errno == EOPNOTSUPP || errno == EXDEV || errno == ENOTTY)) may_share->store(false, std::memory_order_relaxed);
  }
  if (!sparse) return copy_range(ctx, source, target, 0, size);
  if (ftruncate(target, size) != 0) return fail_errno("Failed sizing the copy");
  for (int64_t at = 0; at < size;) {
    off_t data = lseek(source, at, SEEK_DATA);
    if (data < 0 && errno == ENXIO) return {};
    if (data < 0) return copy_range(ctx, source, target, at, size - at);
    off_t hole = lseek(source, data, SEEK_HOLE);
    if (hole < 0) hole = size;
    TRY(copy_range(ctx, source, target, data, hole - data));
    at = hole;
  }
  return {};
}

}  // namespace archive
