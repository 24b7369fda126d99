// Disks of a running machine over NBD, and bitmaps of what changed on them. docs/interop/{live-block-operations,bitmaps,nbd}.rst of QEMU.
#pragma once
#include <vector>

#include "api/types/storage_pool_volume_bitmap.h"
#include "instance/qemu/qmp/client.h"

namespace instance::qemu {

struct NbdExport {
  std::string device;  ///< whose drive
  std::string name;    ///< as clients ask for it
};

/// Those of `devices` that have a drive QEMU knows.
Result<StringList> devices_with_drives(const Context& ctx, qmp::Client& client, const StringList& devices);

/// Serves the drives on the listening socket, read-only and as they all are at one moment: before the guest overwrites a block, QEMU copies it into a
/// file without a name in `folder`. Bitmaps can be asked for ("qemu:dirty-bitmap:NAME"). On errors nothing is left. Blocks for some milliseconds per drive.
Result<> start_exports(const Context& ctx, qmp::Client& client, int listener, const std::vector<NbdExport>& exports, const std::string& folder);
/// Ends the server and whatever is left of exports, also of those that another daemon started. Success if there are none. Errors: timeout.
Result<> stop_exports(const Context& ctx, qmp::Client& client);

/// Errors: internal `Requested device not found`.
Result<std::vector<api::StorageVolumeBitmap>> drive_bitmaps(const Context& ctx, qmp::Client& client, const std::string& device);
/// On all drives or none. Errors: QEMU's (a bitmap of that name, a drive that can't keep it on disk, a granularity that is no power of two).
Result<> add_bitmap(const Context& ctx, qmp::Client& client, const StringList& devices, const api::StorageVolumeBitmapsPost& bitmap);
Result<> remove_bitmap(const Context& ctx, qmp::Client& client, const std::string& device, const std::string& name);

}  // namespace instance::qemu
