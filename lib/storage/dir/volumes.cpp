#include "storage/dir/volumes.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "archive/copy_tree.h"
#include "base/reverter.h"
#include "storage/folder_volume.h"

namespace storage::dir {

Result<> DirVolumes::make_parent(const Volume& volume) { return volume.is_snapshot() ? make_snapshots_folder(root_, volume) : Result<>(); }

Result<> DirVolumes::create(const Context&, const Volume& volume) {
  TRY(make_parent(volume));
  std::string folder = path(volume);
  if (mkdir(folder.c_str(), 0700) != 0) {
    if (errno == EEXIST) return fail(Code::conflict, "Volume folder {} already exists", quote(folder));
    return fail_errno("Failed to create volume folder " + folder);
  }
  return prepare_folder(folder, volume);
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

Result<> DirVolumes::rename(const Context&, const Volume& from, const Volume& to) { return rename_folder(root_, from, to); }

std::optional<int64_t> DirVolumes::usage(const Volume& volume) { return disk_usage(path(volume), volume); }

Result<> DirVolumes::resize(const Context&, const Volume& volume, int64_t bytes) { return resize_disk(path(volume), volume, bytes); }

Result<Mounted> DirVolumes::mount(const Context&, const Volume& volume) { return mounted_folder(path(volume), volume); }

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
