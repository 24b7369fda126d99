#include "imagefmt/squashfs.h"

#include <format>

#include "sys/spawn.h"

namespace imagefmt {

namespace {
/// The target's descriptor in the child: a path through it can't be redirected.
constexpr int kFolderFd = 3;
}  // namespace

Result<> unpack_squashfs(const Context& ctx, const std::string& file, int target) {
  sys::SpawnSpec spec;
  spec.argv = {"unsquashfs", "-f", "-n", "-q", "-d", std::format("/proc/self/fd/{}", kFolderFd), file};
  spec.fds = {{target, kFolderFd}};
  spec.extra_environment = {{"LC_ALL", "C.UTF-8"}};
  auto output = TRY(sys::run(ctx, spec, {.input = "", .check = false}));
  if (output.status.ok()) return {};
  // Exit 2 means only that some attributes or nodes could not be made; the files are there.
  if (output.status.signal == 0 && output.status.code == 2) return {};
  return fail(Code::invalid, "Failed unpacking squashfs: {}", output.err.substr(0, 400));
}

Result<> make_squashfs(const Context& ctx, int source, const std::string& target) {
  sys::SpawnSpec spec;
  spec.argv = {"mksquashfs", ".", target, "-noappend", "-comp", "xz", "-b", "256K", "-no-progress", "-quiet"};
  spec.cwd = std::format("/proc/self/fd/{}", kFolderFd);
  spec.fds = {{source, kFolderFd}};
  TRY(sys::run(ctx, spec));
  return {};
}

Result<std::string> read_squashfs_file(const Context& ctx, const std::string& file, const std::string& member, size_t limit) {
  auto output = TRY(sys::run(ctx, {"unsquashfs", "-cat", file, member}, {.input = "", .max_output = limit, .check = false}));
  if (!output.status.ok()) return fail(Code::not_found, "{} is not in the image", member);
  return std::move(output.out);
}

Result<bool> squashfs_has(const Context& ctx, const std::string& file, const std::string& member) {
  auto output = TRY(sys::run(ctx, {"unsquashfs", "-l", "-max-depth", "1", file, member}, {.input = "", .check = false}));
  return output.out.find("squashfs-root/" + member) != std::string::npos;
}

}  // namespace imagefmt
