#include "storage/folder_volume.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "archive/copy_tree.h"
#include "base/reverter.h"
#include "base/units.h"
#include "storage/disk_file.h"

namespace storage {

namespace {

/// Mode, owner and, for block volumes, the disk file of a new volume's folder.
Result<> prepare_folder(const std::string& folder, const Volume& volume) {
  if (chmod(folder.c_str(), root_mode(volume)) != 0) return fail_errno("Failed to set the mode of " + folder);
  int64_t uid = parse_int(get_or(volume.config, "initial.uid")).value_or(0), gid = parse_int(get_or(volume.config, "initial.gid")).value_or(0);
  if ((uid || gid) && chown(folder.c_str(), static_cast<uid_t>(uid), static_cast<gid_t>(gid)) != 0) return fail_errno("Failed to set the owner of " + folder);
  // Those of images are made of the image.
  if (volume.content != ContentType::block || volume.type == VolumeType::image) return {};
  return make_disk(folder + "/" + disk_name(volume.content), parse_byte_size(get_or(volume.config, "size", "0")).value_or(0));
}

/// Two folders change names: at once where the file system can, else with a moment between.
Result<> swap_folders(const std::string& a, const std::string& b) {
  if (renameat2(AT_FDCWD, a.c_str(), AT_FDCWD, b.c_str(), RENAME_EXCHANGE) == 0) return {};
  if (errno != EINVAL && errno != ENOSYS) return fail_errno("Failed to exchange " + a + " and " + b);
  std::string aside = a + ".replaced";
  if (::rename(a.c_str(), aside.c_str()) != 0) return fail_errno("Failed to replace " + a);
  if (::rename(b.c_str(), a.c_str()) == 0) return ::rename(aside.c_str(), b.c_str()) == 0 ? Result<>() : fail_errno("Failed to rename " + aside);
  Failure failure = fail_errno("Failed to put in place " + a);
  (void)::rename(aside.c_str(), a.c_str());
  return failure;
}

}  // namespace

Result<bool> FolderVolumes::clone_folder(const std::string&, const std::string&, bool) { return false; }

Result<> FolderVolumes::make_folder_of(const std::string& path, const Volume& volume) {
  TRY(make_folder(path));
  if (volume.has_disk()) favour_disks(path);
  return {};
}

Result<> FolderVolumes::make_parent(const Volume& volume) {
  if (!volume.is_snapshot()) return {};
  std::string folder = root_ + "/" + snapshots_path(volume);
  if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return fail_errno("Failed to create " + folder);
  return {};
}

Result<> FolderVolumes::create(const Context&, const Volume& volume) {
  TRY(make_parent(volume));
  TRY(make_folder_of(path(volume), volume));
  return prepare_folder(path(volume), volume);
}

Result<> FolderVolumes::fill(const Context& ctx, const Volume& volume, const std::string& source, const std::string& target, const Progress& progress) {
  if (TRY(clone_folder(source, target, volume.is_snapshot()))) return {};
  TRY(make_folder_of(target, volume));
  Reverter undo;
  undo.add("remove " + target, [&](const Context& fresh) { return drop_folder(fresh, target); });
  archive::CopyOptions options;
  if (progress) options.progress = [&](int64_t bytes) { progress(bytes, 0); };
  options.better_place = place_finder();
  TRY(archive::copy_tree(ctx, source, target, options));
  undo.commit();
  return {};
}

Result<> FolderVolumes::copy(const Context& ctx, const Volume& volume, const std::string& source, const Progress& progress) {
  TRY(make_parent(volume));
  return fill(ctx, volume, source, path(volume), progress);
}

Result<> FolderVolumes::remove(const Context& ctx, const Volume& volume) {
  TRY(drop_folder(ctx, path(volume)));
  // The folder of a volume's snapshots goes with its last one.
  if (volume.type != VolumeType::image) rmdir((root_ + "/" + snapshots_path(volume)).c_str());
  return {};
}

Result<> FolderVolumes::rename(const Context&, const Volume& from, const Volume& to) {
  std::string old_path = path(from), new_path = path(to);
  if (::rename(old_path.c_str(), new_path.c_str()) != 0) return fail_errno("Failed to rename volume folder " + old_path);
  if (from.is_snapshot() || from.type == VolumeType::image) return {};
  std::string old_snapshots = root_ + "/" + snapshots_path(from), new_snapshots = root_ + "/" + snapshots_path(to);
  if (::rename(old_snapshots.c_str(), new_snapshots.c_str()) == 0 || errno == ENOENT) return {};
  Failure failure = fail_errno("Failed to rename snapshots folder " + old_snapshots);
  (void)::rename(new_path.c_str(), old_path.c_str());
  return failure;
}

std::optional<int64_t> FolderVolumes::usage(const Volume& volume) {
  if (volume.content == ContentType::filesystem) return std::nullopt;
  struct stat info;
  if (stat((path(volume) + "/" + disk_name(volume.content)).c_str(), &info) != 0) return std::nullopt;
  return info.st_blocks * 512;
}

Result<> FolderVolumes::resize(const Context&, const Volume& volume, int64_t bytes) {
  if (volume.content != ContentType::block || bytes <= 0) return {};
  // A custom volume's content is its user's own; a virtual machine's own disk has to start.
  return grow_disk(path(volume) + "/" + disk_name(volume.content), bytes, volume.type == VolumeType::virtual_machine);
}

Result<Mounted> FolderVolumes::mount(const Context&, const Volume& volume) {
  std::string folder = path(volume);
  struct stat info;
  if (stat(folder.c_str(), &info) != 0) return fail(Code::not_found, "Storage volume folder {} is missing", quote(folder));
  bool disk_alone = volume.type == VolumeType::custom && volume.has_disk();
  return Mounted{disk_alone ? folder + "/" + disk_name(volume.content) : folder, nullptr};
}

bool FolderVolumes::shares_blocks() {
  std::call_once(tried_, [this] { shares_ = archive::shares_blocks(root_); });
  return shares_;
}

Result<> FolderVolumes::take(const Context& ctx, const Volume& snapshot) {
  Volume parent = snapshot;
  parent.snapshot.clear();
  return copy(ctx, snapshot, path(parent), nullptr);
}

Result<> FolderVolumes::restore(const Context& ctx, const Volume& snapshot) {
  Volume volume = snapshot;
  volume.snapshot.clear();
  std::string folder = path(volume), fresh = folder + ".restoring";
  TRY(drop_folder(ctx, fresh));
  TRY(fill(ctx, volume, path(snapshot), fresh, nullptr));
  TRY(swap_folders(folder, fresh));
  return drop_folder(ctx, fresh);
}

}  // namespace storage
