// What the drivers and runtimes of some types of instances can do besides what all of them do. Found by dynamic_cast.
#pragma once
#include "api/types/storage_pool_volume_bitmap.h"
#include "device/device.h"
#include "instance/guest_events.h"
#include "instance/object.h"

namespace instance {

/// A runtime in which plugged devices follow changes of theirs; where this is missing, the host does it.
class Alters {
 public:
  /// Limits and sizes of drives, links of NICs: as `run` has them. What is not plugged is left out. Blocks.
  virtual Result<> alter(const Context& ctx, const device::RunConfig& run) = 0;

 protected:
  ~Alters() = default;
};

/// A driver whose instances have guests that are told of changes, and drives that are made for them. Calls come with the instance's lock held.
class HasGuest {
 public:
  /// It runs: may these keys of its config change? Errors: invalid naming the first that can't.
  virtual Result<> check_change(const StringList& keys) = 0;
  /// It runs: its guest hears these messages, in this order. It is not waited for.
  virtual void tell_guest(const InstancePtr& instance, std::vector<GuestMessage> messages) = 0;
  /// See device::DriveMaker. The volume is mounted. Blocks.
  virtual Result<std::string> make_drive(const Context& ctx, const InstancePtr& instance, const std::string& source) = 0;

 protected:
  ~HasGuest() = default;
};

/// A connection on which an NBD server speaks.
struct DiskConnection {
  UniqueFd socket;
  std::shared_ptr<void> hold;  ///< what the connection needs: ends with the last reference
};

/// Which disks of a running instance are to be read.
struct DiskExport {
  StringList devices;   ///< those of them that QEMU or its like has as drives
  bool named = false;   ///< each is an export with its device's name; else the first is the export ""
  bool reuse = false;   ///< one more connection to the exports there are, instead of new ones
  std::string folder;   ///< where files without a name take what guests overwrite meanwhile
};

/// A runtime whose disks can be read from outside while it runs, and which records what changes of them.
class Exports {
 public:
  /// The disks as they are at this moment, for reading, whatever the guest writes later. One set at a time; it ends with its last connection.
  /// Errors: invalid (`No NBD session is currently active`), conflict (there is one), not_found (no such disk), the runtime's. Blocks.
  virtual Result<DiskConnection> export_disks(const Context& ctx, const DiskExport& wanted) = 0;
  /// Which blocks were written since the bitmap was made. Errors: internal `Requested device not found`.
  virtual Result<std::vector<api::StorageVolumeBitmap>> bitmaps(const Context& ctx, const std::string& device) = 0;
  /// On all of the devices, or on none.
  virtual Result<> add_bitmap(const Context& ctx, const StringList& devices, const api::StorageVolumeBitmapsPost& bitmap) = 0;
  virtual Result<> remove_bitmap(const Context& ctx, const std::string& device, const std::string& name) = 0;

 protected:
  ~Exports() = default;
};

}  // namespace instance
