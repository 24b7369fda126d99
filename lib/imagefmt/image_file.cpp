#include "imagefmt/image_file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

#include "archive/extract.h"
#include "archive/squashfs.h"
#include "base/unique_fd.h"
#include "imagefmt/convert.h"
#include "imagefmt/metadata.h"
#include "sys/beneath.h"

namespace imagefmt {

namespace {

Result<UniqueFd> open_file(const std::string& path) {
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return fail_errno("Cannot open image file " + path);
  return fd;
}

/// The image's file as a source that tells how far it is.
archive::Source tracked(int fd, int64_t total, int64_t before, std::function<void(int64_t, int64_t)> progress) {
  archive::Source source = archive::source_from_fd(fd);
  if (!progress) return source;
  return [source = std::move(source), total, done = before, progress = std::move(progress)](std::span<char> buffer) mutable -> Result<size_t> {
    size_t got = TRY(source(buffer));
    done += static_cast<int64_t>(got);
    progress(done, total);
    return got;
  };
}

int64_t size_of(const std::string& path) {
  struct stat info;
  return !path.empty() && stat(path.c_str(), &info) == 0 ? info.st_size : 0;
}

/// In an image's tree: nodes of /dev are made by the container runtime, never taken from an image. `without`: how paths begin that are left out.
bool skipped(const std::string& path, const std::string& without) { return path.starts_with(without); }

Result<> unpack_archive(const Context& ctx, int file, archive::Source source, int target, const std::string& without) {
  auto tar = TRY(archive::open_archive(file, std::move(source)));
  archive::ExtractOptions options;
  options.limits = archive::kImageLimits;
  options.place = [&](const std::string& path) { return path.empty() || skipped(path, without) ? std::string() : path; };
  return archive::extract(ctx, *tar, target, options);
}

Result<UniqueFd> open_rootfs(int target) {
  UniqueFd fd(openat(target, "rootfs", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) return fail(Code::invalid, "Image is missing a rootfs");
  return fd;
}

/// The disk of an image in one file, as it comes out of its archive.
constexpr const char* kPackedDisk = "rootfs.img";

}  // namespace

Result<Inspected> inspect(const Context& ctx, const std::string& path) {
  UniqueFd fd = TRY(open_file(path));
  auto tar = TRY(archive::open_archive(fd.get()));
  Inspected out{{}, "unknown"};
  bool metadata = false;
  while (auto entry = TRY(tar->next())) {
    TRY(ctx.check());
    if (entry->path == "metadata.yaml" && entry->type == archive::Entry::Type::file) {
      out.metadata = TRY(parse_metadata(TRY(tar->read_all(kMaxMetadata))));
      metadata = true;
    }
    if (entry->path.starts_with("rootfs/")) out.type = "container";
    if (entry->path == "rootfs.img") out.type = "virtual-machine";
    if (metadata && out.type != "unknown") break;
  }
  if (!metadata) return fail(Code::invalid, "Metadata tarball is missing metadata.yaml");
  return out;
}

Files files_of(const std::string& folder, const std::string& fingerprint) {
  Files files{folder + "/" + fingerprint, ""};
  if (std::string rootfs = files.metadata + ".rootfs"; access(rootfs.c_str(), F_OK) == 0) files.rootfs = rootfs;
  return files;
}

Result<> unpack(const Context& ctx, const Files& files, int target, const std::function<void(int64_t, int64_t)>& progress) {
  int64_t metadata_size = size_of(files.metadata), total = metadata_size + size_of(files.rootfs);
  UniqueFd metadata = TRY(open_file(files.metadata));
  TRY_CTX(unpack_archive(ctx, metadata.get(), tracked(metadata.get(), total, 0, progress), target, "rootfs/dev/"), "Failed unpacking image");
  if (files.rootfs.empty()) return open_rootfs(target).transform([](UniqueFd&&) {});
  if (mkdirat(target, "rootfs", 0755) != 0 && errno != EEXIST) return fail_errno("Cannot create the rootfs folder");
  UniqueFd folder = TRY(open_rootfs(target));
  UniqueFd rootfs = TRY(open_file(files.rootfs));
  TRY_CTX(unpack_archive(ctx, rootfs.get(), tracked(rootfs.get(), total, metadata_size, progress), folder.get(), "dev/"), "Failed unpacking image");
  return {};
}

Result<> unpack_disk(const Context& ctx, const Files& files, int target, const std::string& disk, int64_t most_bytes,
                     const std::function<void(int64_t, int64_t)>& progress) {
  UniqueFd metadata = TRY(open_file(files.metadata));
  // What the archive calls like the disk is somebody's else.
  TRY_CTX(unpack_archive(ctx, metadata.get(), archive::source_from_fd(metadata.get()), target, disk), "Failed unpacking image");
  if (!files.rootfs.empty()) return unpack_qcow2(ctx, TRY(open_file(files.rootfs)).get(), target, disk, most_bytes, progress);
  auto packed = sys::open_beneath(target, kPackedDisk, O_RDONLY | O_NONBLOCK);
  if (!packed) return fail(Code::invalid, "Image is missing its disk, {}", kPackedDisk);
  TRY(unpack_qcow2(ctx, packed->get(), target, disk, most_bytes, progress));
  return unlinkat(target, kPackedDisk, 0) == 0 ? Result<>() : fail_errno("Cannot remove the packed disk");
}

}  // namespace imagefmt
