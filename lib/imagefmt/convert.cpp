#include "imagefmt/convert.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "base/reverter.h"
#include "base/strings.h"
#include "base/unique_fd.h"
#include "imagefmt/qcow2.h"
#include "sys/spawn.h"

namespace imagefmt {

namespace {

constexpr size_t kMostText = 4096;  // of what the program says, to be told to the user

const char* name_of(DiskFormat format) { return format == DiskFormat::raw ? "raw" : "qcow2"; }

/// What qemu-img says while it works: "    (12.34/100%)\r" again and again, and why it gave up.
class Talk {
 public:
  Talk(int64_t total, const std::function<void(int64_t, int64_t)>& progress) : total_(total), progress_(progress) {}

  void hear(std::string_view text) {
    for (char c : text) {
      if (c == '\r' || c == '\n') end_line();
      else if (line_.size() < kMostText) line_ += c;
    }
  }
  std::string complaint() {
    end_line();
    return said_.empty() ? "it gave no reason" : said_;
  }

 private:
  void end_line() {
    std::string line(trim(line_));
    line_.clear();
    if (line.empty()) return;
    if (!line.starts_with('(') || !line.ends_with("/100%)")) {
      if (said_.size() + line.size() < kMostText) said_ += (said_.empty() ? "" : "; ") + line;
    } else if (progress_) {
      progress_(static_cast<int64_t>(strtod(line.c_str() + 1, nullptr) / 100 * static_cast<double>(total_)), total_);
    }
  }

  int64_t total_;
  const std::function<void(int64_t, int64_t)>& progress_;
  std::string line_, said_;
};

Result<> listen(const Context& ctx, int pipe, Talk& talk) {
  char buffer[4096];
  for (;;) {
    TRY(ctx.wait_fd(pipe, POLLIN));
    ssize_t got = read(pipe, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno("Cannot hear the converter");
    if (got == 0) return {};
    talk.hear({buffer, static_cast<size_t>(got)});
  }
}

}  // namespace

Result<> convert_disk(const Context& ctx, const Conversion& conversion, const std::function<void(int64_t, int64_t)>& progress) {
  auto program = sys::find_program("qemu-img");
  if (!program) return fail(Code::unsupported, "Disks of virtual machines need the program qemu-img (package qemu-utils)");
  sys::SpawnSpec spec = sys::self_spec("forkconvert", {*program, std::to_string(conversion.most_bytes), "convert", "-p", "-f", name_of(conversion.from), "-O", name_of(conversion.to)});
  if (conversion.compress) spec.argv.push_back("-c");
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return fail_errno("Cannot make a pipe");
  UniqueFd ours(ends[0]), theirs(ends[1]);
  spec.environment = StringList{"LC_ALL=C"};
  spec.stdout_fd = spec.stderr_fd = theirs.get();
  spec.fds = {{conversion.source, 3}, {conversion.target, 4}};
  sys::Child child = TRY(sys::spawn(spec));
  theirs.reset();
  Talk talk(conversion.most_bytes, progress);
  TRY(listen(ctx, ours.get(), talk));
  auto status = TRY(child.wait(ctx));
  if (status.ok()) return {};
  return fail(Code::invalid, "Failed converting the disk from {} to {}: {}", name_of(conversion.from), name_of(conversion.to),
              status.signal ? std::format("it was ended by signal {}", status.signal) : talk.complaint());
}

Result<> unpack_qcow2(const Context& ctx, int source, int folder, const std::string& name, int64_t most_bytes, const std::function<void(int64_t, int64_t)>& progress) {
  Qcow2 disk = TRY(check_qcow2(source));
  if (most_bytes > 0 && disk.virtual_size > most_bytes) return fail(Code::invalid, "Source image size ({}) exceeds specified volume size ({})", disk.virtual_size, most_bytes);
  UniqueFd target(openat(folder, name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!target) return fail_errno("Cannot create " + name);
  Reverter undo;
  undo.add("remove " + name, [&](const Context&) -> Result<> { return unlinkat(folder, name.c_str(), 0) == 0 ? Result<>() : fail_errno("unlink " + name); });
  // In whole sectors, as qemu-img writes them.
  int64_t bytes = (disk.virtual_size + 511) / 512 * 512;
  TRY(convert_disk(ctx, {.source = source, .target = target.get(), .most_bytes = bytes}, progress));
  struct stat info;
  if (fstat(target.get(), &info) != 0 || info.st_size < disk.virtual_size) return fail(Code::internal, "The converted disk is not whole");
  undo.commit();
  return {};
}

}  // namespace imagefmt
