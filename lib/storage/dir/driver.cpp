// Driver "dir": its parts put together.
#include <sys/stat.h>

#include "storage/dir/keys.h"
#include "storage/dir/pool.h"
#include "storage/dir/volumes.h"

namespace storage {

namespace {

class DirDriver final : public Driver {
 public:
  explicit DirDriver(const PoolInfo& info) : trash_(info.path()), nursery_(info.path(), [this](const std::string& folder) { return cost(folder); }), pool_(info, trash_, nursery_), volumes_(info.path(), trash_, nursery_) {}
  std::string_view name() const override { return "dir"; }
  config::Keys pool_keys() const override { return dir::pool_keys(); }
  PoolOps& pool() override { return pool_; }
  VolumeOps& volumes() override { return volumes_; }
  SnapshotOps& snapshots() override { return volumes_; }
  void sweep(const Context& ctx) override { trash_.sweep(ctx); }

 private:
  /// A few files may fit where nothing was deleted although their neighbours were: what is known counts more than what is measured.
  int64_t cost(const std::string& folder) {
    struct stat info;
    bool emptied = stat(folder.c_str(), &info) == 0 && trash_.emptied_near(info.st_ino);
    return dir::measure_place(folder) * (emptied ? 1000 : 1);
  }

  Trash trash_;
  dir::Nursery nursery_;
  dir::DirPool pool_;
  dir::DirVolumes volumes_;
};

}  // namespace

std::unique_ptr<Driver> make_dir_driver(PoolInfo info) { return std::make_unique<DirDriver>(info); }

}  // namespace storage
