#include "storage/btrfs/volumes.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "archive/copy_tree.h"
#include "base/reverter.h"
#include "storage/btrfs/subvolume.h"
#include "storage/folder_volume.h"

namespace storage::btrfs {

Result<> BtrfsVolumes::make_parent(const Volume& volume) { return volume.is_snapshot() ? make_snapshots_folder(root_, volume) : Result<>(); }

Result<> BtrfsVolumes::create(const Context&, const Volume& volume) {
  TRY(make_parent(volume));
  TRY(create_subvolume(path(volume)));
  return prepare_folder(path(volume), volume);
}

Result<> BtrfsVolumes::copy(const Context& ctx, const Volume& volume, const std::string& source, const Progress& progress) {
  TRY(make_parent(volume));
  if (TRY(snapshot_subvolume(source, path(volume), volume.is_snapshot()))) return {};
  TRY(create_subvolume(path(volume)));
  Reverter undo;
  undo.add("remove " + volume.name, [&](const Context& fresh) { return remove(fresh, volume); });
  archive::CopyOptions options;
  if (progress) options.progress = [&](int64_t bytes) { progress(bytes, 0); };
  TRY(archive::copy_tree(ctx, source, path(volume), options));
  undo.commit();
  return {};
}

Result<> BtrfsVolumes::remove(const Context& ctx, const Volume& volume) {
  TRY(delete_subvolume(ctx, path(volume)));
  if (volume.type != VolumeType::image) rmdir((root_ + "/" + snapshots_path(volume)).c_str());
  return {};
}

Result<> BtrfsVolumes::rename(const Context&, const Volume& from, const Volume& to) { return rename_folder(root_, from, to); }

std::optional<int64_t> BtrfsVolumes::usage(const Volume& volume) { return disk_usage(path(volume), volume); }

Result<> BtrfsVolumes::resize(const Context&, const Volume& volume, int64_t bytes) { return resize_disk(path(volume), volume, bytes); }

Result<Mounted> BtrfsVolumes::mount(const Context&, const Volume& volume) { return mounted_folder(path(volume), volume); }

Result<> BtrfsVolumes::take(const Context& ctx, const Volume& snapshot) {
  Volume parent = snapshot;
  parent.snapshot.clear();
  return copy(ctx, snapshot, path(parent), nullptr);
}

Result<> BtrfsVolumes::restore(const Context& ctx, const Volume& snapshot) {
  Volume volume = snapshot;
  volume.snapshot.clear();
  std::string folder = path(volume), fresh = folder + ".restoring", old = folder + ".replaced";
  TRY(delete_subvolume(ctx, fresh));
  if (!TRY(snapshot_subvolume(path(snapshot), fresh, false))) return fail(Code::internal, "{} is not a subvolume", quote(path(snapshot)));
  if (::rename(folder.c_str(), old.c_str()) != 0) return fail_errno("Failed to replace " + folder);
  if (::rename(fresh.c_str(), folder.c_str()) != 0) {
    Failure failure = fail_errno("Failed to put the restored volume in place: " + folder);
    (void)::rename(old.c_str(), folder.c_str());
    return failure;
  }
  return delete_subvolume(ctx, old);
}

}  // namespace storage::btrfs
