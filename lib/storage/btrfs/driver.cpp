// Driver "btrfs": its parts put together.
#include "storage/btrfs/keys.h"
#include "storage/btrfs/pool.h"
#include "storage/btrfs/volumes.h"

namespace storage {

namespace {

class BtrfsDriver final : public Driver {
 public:
  explicit BtrfsDriver(const PoolInfo& info) : pool_(info), volumes_(info.path(), !contains(split(get_or(info.config, "btrfs.mount_options"), ','), "datacow")) {}
  std::string_view name() const override { return "btrfs"; }
  config::Keys pool_keys() const override { return btrfs::kPoolKeys; }
  PoolOps& pool() override { return pool_; }
  VolumeOps& volumes() override { return volumes_; }
  SnapshotOps& snapshots() override { return volumes_; }
  bool copies_one_moment() const override { return true; }

 private:
  btrfs::BtrfsPool pool_;
  btrfs::BtrfsVolumes volumes_;
};

}  // namespace

std::unique_ptr<Driver> make_btrfs_driver(PoolInfo info) { return std::make_unique<BtrfsDriver>(info); }

}  // namespace storage
