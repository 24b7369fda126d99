#include "storage/disk_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>

#include "archive/copy_tree.h"
#include "base/reverter.h"
#include "base/unique_fd.h"
#include "imagefmt/gpt.h"

namespace storage {

int64_t round_disk(int64_t bytes) { return (bytes + kDiskStep - 1) / kDiskStep * kDiskStep; }

std::optional<int64_t> disk_size(const std::string& disk) {
  struct stat info;
  if (lstat(disk.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) return std::nullopt;
  return info.st_size;
}

Result<> make_disk(const std::string& disk, int64_t bytes) {
  UniqueFd fd(open(disk.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!fd) return fail_errno("Failed to create " + disk);
  if (ftruncate(fd.get(), round_disk(bytes)) != 0) return fail_errno("Failed to size " + disk);
  return {};
}

Result<> grow_disk(const std::string& disk, int64_t bytes, bool partitioned) {
  UniqueFd fd(open(disk.c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC));
  struct stat info;
  if (!fd || fstat(fd.get(), &info) != 0) return fail_errno("Cannot open " + disk);
  bytes = round_disk(bytes);
  if (bytes == info.st_size) return {};
  if (bytes < info.st_size) return fail(Code::invalid, "Block volumes cannot be shrunk");
  if (ftruncate(fd.get(), bytes) != 0) return fail_errno("Failed to grow " + disk);
  if (partitioned) TRY(imagefmt::move_gpt_backup(fd.get()));
  return {};
}

Result<> replace_disk(const Context& ctx, const std::string& source, const std::string& target) {
  UniqueFd from(open(source.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  struct stat info;
  if (!from || fstat(from.get(), &info) != 0) return fail_errno("Cannot open " + source);
  std::string fresh = target + ".new";
  unlink(fresh.c_str());
  UniqueFd to(open(fresh.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!to) return fail_errno("Failed to create " + fresh);
  Reverter undo;
  undo.add("remove " + fresh, [&](const Context&) -> Result<> { return unlink(fresh.c_str()) == 0 ? Result<>() : fail_errno("unlink " + fresh); });
  TRY_CTX(archive::copy_content(ctx, from.get(), to.get(), info.st_size, true), "Cannot copy {}", source);
  timespec times[2] = {info.st_atim, info.st_mtim};
  futimens(to.get(), times);
  if (::rename(fresh.c_str(), target.c_str()) != 0) return fail_errno("Failed to put in place " + target);
  undo.commit();
  return {};
}

}  // namespace storage
