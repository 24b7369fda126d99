// The pool of driver "dir": a folder of the host, bind-mounted where it is not the pool's own.
#pragma once
#include "storage/dir/nursery.h"
#include "storage/driver.h"
#include "storage/trash.h"

namespace storage::dir {

class DirPool final : public PoolOps {
 public:
  DirPool(PoolInfo info, Trash& trash, Nursery& nursery) : info_(std::move(info)), trash_(trash), nursery_(nursery) {}
  Result<> prepare(StringMap& config) override;
  Result<> create(const Context&) override;
  Result<> remove(const Context&) override;
  Result<> mount(const Context&) override;
  Result<> unmount(const Context&) override;
  Result<Pool::Space> space() override;

 private:
  std::string source() const { return get_or(info_.config, "source", info_.path()); }
  bool external() const { return source() != info_.path(); }
  PoolInfo info_;
  Trash& trash_;
  Nursery& nursery_;
};

}  // namespace storage::dir
