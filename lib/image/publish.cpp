#include "image/publish.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/squashfs.h"
#include "base/units.h"
#include "core/operation.h"
#include "imagefmt/convert.h"
#include "imagefmt/metadata.h"
#include "sys/beneath.h"

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

Result<> write_files(const Job& job, const PublishSpec& spec, Build& build) {
  UniqueFd volume = TRY(sys::open_directory(spec.folder));
  auto tar = TRY(archive::create_archive(build.metadata_fd(), build.sink(), spec.compression, spec.metadata.creation_date));
  TRY(add_metadata(*tar, spec.metadata));
  TRY(add_member(job, *tar, volume.get(), "config.json", "config.json"));
  if (!spec.split) TRY(add_member(job, *tar, volume.get(), "rootfs", "rootfs"));
  TRY(add_member(job, *tar, volume.get(), "templates", "templates"));
  TRY(tar->finish());
  if (!spec.split) return {};
  TRY(build.open_rootfs());
  auto root = TRY(archive::create_archive(build.rootfs_fd(), build.rootfs_sink(), spec.compression, spec.metadata.creation_date));
  TRY(add_member(job, *root, volume.get(), "rootfs", "."));
  return root->finish();
}

/// The disk as qcow2 in the open, empty `target`. Tables and reference counts come on top of the content.
Result<> convert(const Job& job, const PublishSpec& spec, int target) {
  UniqueFd disk(open(spec.disk.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  struct stat info;
  if (!disk || fstat(disk.get(), &info) != 0) return fail_errno("Cannot open " + spec.disk);
  imagefmt::Conversion conversion{.source = disk.get(), .from = imagefmt::DiskFormat::raw, .target = target, .to = imagefmt::DiskFormat::qcow2, .compress = spec.split};
  conversion.most_bytes = info.st_size + info.st_size / 64 + (64 << 20);
  return imagefmt::convert_disk(job.ctx, conversion, [&](int64_t done, int64_t total) {
    int percent = static_cast<int>(done * 100 / total);
    if (job.operation) job.operation->progress("create_image_from_container_pack", std::format("Converting: {}%", percent), percent, 0);
  });
}

Result<> write_machine_files(const Job& job, const PublishSpec& spec, Build& build) {
  UniqueFd volume = TRY(sys::open_directory(spec.folder));
  auto tar = TRY(archive::create_archive(build.metadata_fd(), build.sink(), spec.compression, spec.metadata.creation_date));
  TRY(add_metadata(*tar, spec.metadata));
  if (spec.split) {
    TRY(build.open_rootfs());
    TRY(convert(job, spec, build.rootfs_fd()));
  } else {
    std::string path = build.scratch_path("rootfs.img");
    UniqueFd file(open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
    if (!file) return fail_errno("Failed to create " + path);
    TRY(convert(job, spec, file.get()));
    UniqueFd folder = TRY(sys::open_directory(build.scratch_path(".")));
    TRY(add_member(job, *tar, folder.get(), "rootfs.img", "rootfs.img"));
    unlink(path.c_str());
  }
  TRY(add_member(job, *tar, volume.get(), "templates", "templates"));
  return tar->finish();
}

}  // namespace

Result<std::unique_ptr<Build>> pack(const Job& job, Store& store, const PublishSpec& spec) {
  auto build = TRY(Build::create(store, spec.project));
  TRY(spec.disk.empty() ? write_files(job, spec, *build) : write_machine_files(job, spec, *build));
  // Who writes squashfs or qcow2 goes back and forth in the file.
  bool hashed = spec.compression.method != archive::Compression::squashfs && (spec.disk.empty() || !spec.split);
  if (!hashed) TRY(build->hash_files());
  return build;
}

}  // namespace image
