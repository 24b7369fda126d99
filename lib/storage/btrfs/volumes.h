// Volumes of driver "btrfs": subvolumes; snapshots and copies share blocks and take no time.
#pragma once
#include "storage/btrfs/subvolume.h"
#include "storage/folder_volume.h"

namespace storage::btrfs {

class BtrfsVolumes final : public FolderVolumes {
 public:
  /// `in_place`: disks may be written in place.
  BtrfsVolumes(std::string root, bool in_place) : FolderVolumes(std::move(root)), in_place_(in_place) {}

 private:
  Result<> make_folder(const std::string& path) override { return create_subvolume(path); }
  void favour_disks(const std::string& path) override {
    if (in_place_) stop_copying_on_write(path);
  }
  Result<> drop_folder(const Context& ctx, const std::string& path) override { return delete_subvolume(ctx, path); }
  Result<bool> clone_folder(const std::string& source, const std::string& path, bool read_only) override { return snapshot_subvolume(source, path, read_only); }

  bool in_place_;
};

}  // namespace storage::btrfs
