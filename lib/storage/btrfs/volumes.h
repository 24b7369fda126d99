// Volumes of driver "btrfs": subvolumes; snapshots and copies share blocks and take no time.
#pragma once
#include "storage/driver.h"

namespace storage::btrfs {

class BtrfsVolumes final : public VolumeOps, public SnapshotOps {
 public:
  explicit BtrfsVolumes(std::string root) : root_(std::move(root)) {}
  Result<> create(const Context&, const Volume&) override;
  Result<> copy(const Context&, const Volume&, const std::string& source, const Progress&) override;
  Result<> remove(const Context&, const Volume&) override;
  Result<> rename(const Context&, const Volume& from, const Volume& to) override;
  std::optional<int64_t> usage(const Volume&) override;
  Result<> resize(const Context&, const Volume&, int64_t bytes) override;
  Result<Mounted> mount(const Context&, const Volume&) override;
  Result<> take(const Context&, const Volume& snapshot) override;
  Result<> restore(const Context&, const Volume& snapshot) override;

 private:
  std::string path(const Volume& volume) const { return root_ + "/" + relative_path(volume); }
  Result<> make_parent(const Volume& volume);
  std::string root_;
};

}  // namespace storage::btrfs
