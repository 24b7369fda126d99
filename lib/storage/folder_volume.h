// Volumes that are folders (or subvolumes, which look like folders): all that drivers of this kind share.
#pragma once
#include <mutex>

#include "archive/copy_tree.h"
#include "storage/driver.h"

namespace storage {

/// Drivers say how a folder comes, goes and is cloned; the rest is the same for all.
class FolderVolumes : public VolumeOps, public SnapshotOps {
 public:
  /// `root`: the pool's folder.
  explicit FolderVolumes(std::string root) : root_(std::move(root)) {}
  Result<> create(const Context&, const Volume&) override;
  Result<> copy(const Context&, const Volume&, const std::string& source, const Progress&) override;
  Result<> remove(const Context&, const Volume&) override;
  /// The folder and that of its snapshots; both or none.
  Result<> rename(const Context&, const Volume& from, const Volume& to) override;
  /// Bytes of a block volume's disk file; nothing for file systems, as only a walk could tell.
  std::optional<int64_t> usage(const Volume&) override;
  /// File systems: accepted and without effect, as there is no quota on a plain folder.
  Result<> resize(const Context&, const Volume&, int64_t bytes) override;
  Result<Mounted> mount(const Context&, const Volume&) override;
  /// Tries it once with two files.
  bool shares_blocks() override;
  Result<> take(const Context&, const Volume& snapshot) override;
  /// The copy is complete before the old content goes: a failure leaves the volume as it was.
  Result<> restore(const Context&, const Volume& snapshot) override;

 protected:
  /// Errors: conflict (it exists).
  virtual Result<> make_folder(const std::string& path) = 0;
  /// `path`, new and empty, will hold a disk: makes the file system treat it well, if it can.
  virtual void favour_disks(const std::string& path) { (void)path; }
  /// Gone at once; a missing one is no error.
  virtual Result<> drop_folder(const Context& ctx, const std::string& path) = 0;
  /// A clone without copying. False: this is no place for one.
  virtual Result<bool> clone_folder(const std::string& source, const std::string& path, bool read_only);
  /// For copies that become slow; null where no place is better than another.
  virtual std::function<Result<archive::Place>()> place_finder() { return nullptr; }

 private:
  std::string path(const Volume& volume) const { return root_ + "/" + relative_path(volume); }
  Result<> make_parent(const Volume& volume);
  Result<> make_folder_of(const std::string& path, const Volume& volume);
  /// A clone or a copy at `path`, whichever the driver can, for `volume`; nothing stays of a failed one.
  Result<> fill(const Context& ctx, const Volume& volume, const std::string& source, const std::string& path, const Progress& progress);

  std::string root_;
  std::once_flag tried_;
  bool shares_ = false;
};

}  // namespace storage
