#include "image/publish.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/tar_writer.h"
#include "base/units.h"
#include "core/operation.h"
#include "imagefmt/metadata.h"
#include "sys/beneath.h"
#include "sys/spawn.h"

namespace image {

namespace {

using archive::Entry;
using archive::TarWriter;

TarWriter::TreeOptions with_progress(const Job& job) {
  TarWriter::TreeOptions options;
  if (!job.operation) return options;
  options.progress = [operation = job.operation, start = Clock::now()](int64_t bytes) {
    double elapsed = std::chrono::duration<double>(Clock::now() - start).count();
    int64_t speed = elapsed > 0 ? static_cast<int64_t>(static_cast<double>(bytes) / elapsed) : 0;
    operation->progress("create_image_from_container_pack", std::format("{} ({}/s)", format_byte_size_decimal(bytes), format_byte_size_decimal(speed)), 0, speed);
  };
  return options;
}

Result<> add_metadata(TarWriter& tar, const api::ImageMetadata& metadata) {
  Entry entry;
  entry.path = "metadata.yaml";
  entry.mode = 0644;
  entry.mtime.tv_sec = metadata.creation_date;
  return tar.add(entry, imagefmt::dump_metadata(metadata));
}

/// A folder or file of the volume, if it is there.
Result<> add_member(const Job& job, TarWriter& tar, int volume, const std::string& name, const std::string& as) {
  auto fd = sys::open_beneath(volume, name, O_RDONLY);
  if (!fd) return fd.error().code() == Code::not_found ? Result<>() : Failure(fd.error());
  struct stat info;
  if (fstat(fd->get(), &info) != 0) return fail_errno("Cannot look at " + name);
  if (S_ISDIR(info.st_mode)) return tar.add_tree(job.ctx, fd->get(), as, with_progress(job));
  Entry entry;
  entry.path = as;
  entry.mode = info.st_mode & 07777;
  entry.size = info.st_size;
  entry.mtime = info.st_mtim;
  return tar.add_file(job.ctx, entry, fd->get(), false);
}

Result<> write_tars(const Job& job, const PublishSpec& spec, const archive::CompressionChoice& compression, const archive::Sink& metadata_sink, const archive::Sink& rootfs_sink) {
  UniqueFd volume = TRY(sys::open_directory(spec.folder));
  auto tar = TRY(TarWriter::create(metadata_sink, compression));
  TRY(add_metadata(*tar, spec.metadata));
  TRY(add_member(job, *tar, volume.get(), "config.json", "config.json"));
  if (!spec.split) TRY(add_member(job, *tar, volume.get(), "rootfs", "rootfs"));
  TRY(add_member(job, *tar, volume.get(), "templates", "templates"));
  TRY(tar->finish());
  if (!spec.split) return {};
  auto root = TRY(TarWriter::create(rootfs_sink, compression));
  TRY(add_member(job, *root, volume.get(), "rootfs", "."));
  return root->finish();
}

/// A plain tar turned into a squashfs by the tool made for that.
Result<> to_squashfs(const Context& ctx, const std::string& tar, int target) {
  UniqueFd input(open(tar.c_str(), O_RDONLY | O_CLOEXEC));
  if (!input) return fail_errno("Cannot open " + tar);
  constexpr int kTargetFd = 3;
  sys::SpawnSpec spec;
  spec.argv = {"tar2sqfs", "--no-skip", "--force", "--compressor", "xz", std::format("/proc/self/fd/{}", kTargetFd)};
  spec.stdin_fd = input.get();
  spec.fds = {{target, kTargetFd}};
  TRY(sys::run(ctx, spec));
  unlink(tar.c_str());
  return {};
}

Result<> pack_squashfs(const Job& job, Build& build, const PublishSpec& spec) {
  std::string metadata = build.scratch_path("metadata.tar"), rootfs = build.scratch_path("rootfs.tar");
  UniqueFd metadata_fd(open(metadata.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)), rootfs_fd(open(rootfs.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!metadata_fd || !rootfs_fd) return fail_errno("Cannot create a scratch file");
  TRY(write_tars(job, spec, {}, archive::sink_to_fd(metadata_fd.get()), archive::sink_to_fd(rootfs_fd.get())));
  TRY(to_squashfs(job.ctx, metadata, build.metadata_fd()));
  if (spec.split) {
    TRY(build.open_rootfs());
    TRY(to_squashfs(job.ctx, rootfs, build.rootfs_fd()));
  }
  return build.hash_files();
}

}  // namespace

Result<std::unique_ptr<Build>> pack(const Job& job, Store& store, const PublishSpec& spec) {
  auto build = TRY(Build::create(store, spec.project));
  if (spec.compression.method == archive::Compression::squashfs) {
    TRY(pack_squashfs(job, *build, spec));
  } else {
    if (spec.split) TRY(build->open_rootfs());
    TRY(write_tars(job, spec, spec.compression, build->sink(), build->rootfs_sink()));
  }
  return build;
}

}  // namespace image
