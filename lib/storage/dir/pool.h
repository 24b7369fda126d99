// The pool of driver "dir": a folder of the host, bind-mounted where it is not the pool's own.
#pragma once
#include "storage/driver.h"

namespace storage::dir {

class DirPool final : public PoolOps {
 public:
  explicit DirPool(PoolInfo info) : info_(std::move(info)) {}
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
};

}  // namespace storage::dir
