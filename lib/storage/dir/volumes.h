// Volumes of driver "dir": folders, copied whole for snapshots (blocks are shared where the file system can).
#pragma once
#include "storage/driver.h"
#include "storage/trash.h"

namespace storage::dir {

class DirVolumes final : public VolumeOps, public SnapshotOps {
 public:
  DirVolumes(std::string root, Trash& trash) : root_(std::move(root)), trash_(trash) {}
  Result<> create(const Context&, const Volume&) override;
  Result<> copy(const Context&, const Volume&, const std::string& source, const Progress&) override;
  Result<> remove(const Context&, const Volume&) override;
  Result<> rename(const Context&, const Volume& from, const Volume& to) override;
  /// Nothing for file systems: without project quotas only a walk could tell.
  std::optional<int64_t> usage(const Volume&) override;
  /// File systems: accepted and without effect, as there is no quota to set on a plain folder.
  Result<> resize(const Context&, const Volume&, int64_t bytes) override;
  Result<Mounted> mount(const Context&, const Volume&) override;
  Result<> take(const Context&, const Volume& snapshot) override;
  Result<> restore(const Context&, const Volume& snapshot) override;

 private:
  std::string path(const Volume& volume) const { return root_ + "/" + relative_path(volume); }
  Result<> make_parent(const Volume& volume);

  std::string root_;
  Trash& trash_;
};

}  // namespace storage::dir
