// A volume's disk over NBD while no machine runs with it: qemu-nbd(8) in a sandbox.
#pragma once
#include "base/unique_fd.h"
#include "storage/pool.h"

namespace storage {

struct NbdConnection {
  UniqueFd socket;             ///< an NBD server speaks, with the disk as its only export
  std::shared_ptr<void> hold;  ///< the mounted volume and the server: both end with the last reference
};

/// Errors: unsupported (no qemu-nbd), invalid (no disk), conflict (a machine runs with it, or somebody writes it). Blocks until the server is started.
Result<NbdConnection> connect_nbd(const Context& ctx, Pool& pool, const VolumeRef& ref, bool writable);

}  // namespace storage
