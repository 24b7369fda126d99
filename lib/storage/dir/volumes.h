// Volumes of driver "dir": folders, copied whole for snapshots (blocks are shared where the file system can).
#pragma once
#include "storage/dir/nursery.h"
#include "storage/folder_volume.h"
#include "storage/trash.h"

namespace storage::dir {

class DirVolumes final : public FolderVolumes {
 public:
  DirVolumes(std::string root, Trash& trash, Nursery& nursery) : FolderVolumes(std::move(root)), trash_(trash), nursery_(nursery) {}

 private:
  Result<> make_folder(const std::string& path) override { return nursery_.make(path); }
  Result<> drop_folder(const Context&, const std::string& path) override { return trash_.put(path); }

  std::function<Result<archive::Place>()> place_finder() override { return [this] { return nursery_.find_place(); }; }

  Trash& trash_;
  Nursery& nursery_;
};

}  // namespace storage::dir
