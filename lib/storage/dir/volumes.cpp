#include "storage/dir/volumes.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "archive/copy_tree.h"
#include "base/reverter.h"
#include "base/unique_fd.h"
#include "base/units.h"

namespace storage::dir {

Result<> DirVolumes::make_parent(const Volume& volume) {
  if (!volume.is_snapshot()) return {};
  std::string parent = root_ + "/" + snapshots_path(volume);
  if (mkdir(parent.c_str(), 0700) != 0 && errno != EEXIST) return fail_errno("Failed to create " + parent);
  return {};
}

Result<> DirVolumes::create(const Context&, const Volume& volume) {
  TRY(make_parent(volume));
  std::string folder = path(volume);
  if (mkdir(folder.c_str(), 0700) != 0) {
    if (errno == EEXIST) return fail(Code::conflict, "Volume folder {} already exists", quote(folder));
    return fail_errno("Failed to create volume folder " + folder);
  }
  if (chmod(folder.c_str(), root_mode(volume)) != 0) return fail_errno("Failed to set the mode of " + folder);
  int64_t uid = parse_int(get_or(volume.config, "initial.uid")).value_or(0), gid = parse_int(get_or(volume.config, "initial.gid")).value_or(0);
  if ((uid || gid) && chown(folder.c_str(), static_cast<uid_t>(uid), static_cast<gid_t>(gid)) != 0) return fail_errno("Failed to set the owner of " + folder);
  if (volume.content != ContentType::block) return {};
  std::string disk = folder + "/" + disk_name(volume.content);
  UniqueFd fd(open(disk.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!fd) return fail_errno("Failed to create " + disk);
  int64_t size = parse_byte_size(get_or(volume.config, "size", "0")).value_or(0);
  if (ftruncate(fd.get(), size) != 0) return fail_errno("Failed to size " + disk);
  return {};
}

Result<> DirVolumes::copy(const Context& ctx, const Volume& volume, const std::string& source, const Progress& progress) {
  TRY(make_parent(volume));
  std::string folder = path(volume);
  if (mkdir(folder.c_str(), 0700) != 0) {
    if (errno == EEXIST) return fail(Code::conflict, "Volume folder {} already exists", quote(folder));
    return fail_errno("Failed to create volume folder " + folder);
  }
  Reverter undo;
  undo.add("remove " + folder, [&](const Context& fresh) { return remove(fresh, volume); });
  archive::CopyOptions options;
  if (progress) options.progress = [&](int64_t bytes) { progress(bytes, 0); };
  TRY(archive::copy_tree(ctx, source, folder, options));
  undo.commit();
  return {};
}

Result<> DirVolumes::remove(const Context&, const Volume& volume) {
  TRY(trash_.put(path(volume)));
  // The folder of a volume's snapshots goes with its last one.
  std::string snapshots = root_ + "/" + snapshots_path(volume);
  if (volume.type != VolumeType::image) rmdir(snapshots.c_str());
  return {};
}

Result<> DirVolumes::rename(const Context&, const Volume& from, const Volume& to) {
  if (::rename(path(from).c_str(), path(to).c_str()) != 0) return fail_errno("Failed to rename volume folder " + path(from));
  if (from.is_snapshot() || from.type == VolumeType::image) return {};
  std::string old_snapshots = root_ + "/" + snapshots_path(from), new_snapshots = root_ + "/" + snapshots_path(to);
  if (::rename(old_snapshots.c_str(), new_snapshots.c_str()) == 0 || errno == ENOENT) return {};
  Failure failure = fail_errno("Failed to rename snapshots folder " + old_snapshots);
  (void)::rename(path(to).c_str(), path(from).c_str());
  return failure;
}

std::optional<int64_t> DirVolumes::usage(const Volume& volume) {
  if (volume.content == ContentType::filesystem) return std::nullopt;
  struct stat info;
  if (stat((path(volume) + "/" + disk_name(volume.content)).c_str(), &info) != 0) return std::nullopt;
  return info.st_blocks * 512;
}

Result<> DirVolumes::resize(const Context&, const Volume& volume, int64_t bytes) {
  if (volume.content != ContentType::block || bytes <= 0) return {};
  std::string disk = path(volume) + "/" + disk_name(volume.content);
  struct stat info;
  if (stat(disk.c_str(), &info) != 0) return fail_errno("Cannot look at " + disk);
  if (bytes < info.st_size) return fail(Code::invalid, "Block volumes cannot be shrunk");
  if (truncate(disk.c_str(), bytes) != 0) return fail_errno("Failed to grow " + disk);
  return {};
}

Result<Mounted> DirVolumes::mount(const Context&, const Volume& volume) {
  std::string folder = path(volume);
  struct stat info;
  if (stat(folder.c_str(), &info) != 0) return fail(Code::not_found, "Storage volume folder {} is missing", quote(folder));
  std::string disk = disk_name(volume.content);
  return Mounted{disk.empty() ? folder : folder + "/" + disk, nullptr};
}

Result<> DirVolumes::take(const Context& ctx, const Volume& snapshot) {
  Volume parent = snapshot;
  parent.snapshot.clear();
  return copy(ctx, snapshot, path(parent), nullptr);
}

Result<> DirVolumes::restore(const Context& ctx, const Volume& snapshot) {
  Volume volume = snapshot;
  volume.snapshot.clear();
  // The copy is complete before the old content goes: a failure leaves the volume as it was.
  std::string folder = path(volume), fresh = folder + ".restoring";
  TRY(trash_.put(fresh));
  if (mkdir(fresh.c_str(), 0700) != 0) return fail_errno("Failed to create " + fresh);
  Reverter undo;
  undo.add("remove " + fresh, [&](const Context&) { return trash_.put(fresh); });
  TRY(archive::copy_tree(ctx, path(snapshot), fresh));
  TRY(trash_.put(folder));
  if (::rename(fresh.c_str(), folder.c_str()) != 0) return fail_errno("Failed to put the restored volume in place: " + folder);
  undo.commit();
  return {};
}

}  // namespace storage::dir
