// A pool of driver "btrfs": a file system in a loop file, on a block device, or an existing folder of one.
#pragma once
#include "storage/driver.h"

namespace storage::btrfs {

class BtrfsPool final : public PoolOps {
 public:
  explicit BtrfsPool(PoolInfo info) : info_(std::move(info)) {}
  Result<> prepare(StringMap& config) override;
  Result<> create(const Context&) override;
  Result<> remove(const Context&) override;
  Result<> mount(const Context&) override;
  Result<> unmount(const Context&) override;
  Result<Pool::Space> space() override;

 private:
  std::string loop_file() const { return info_.paths.in_var("disks/" + info_.name + ".img"); }
  std::string source() const { return get_or(info_.config, "source"); }
  Result<std::string> default_size() const;
  Result<> make_filesystem(const Context& ctx, const std::string& target);

  PoolInfo info_;
};

}  // namespace storage::btrfs
