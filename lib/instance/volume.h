// The storage volume of an instance.
#pragma once
#include "instance/object.h"

namespace instance {

/// The pool its root disk is on. Errors: invalid (no root disk), those of Pools::load.
Result<std::shared_ptr<storage::Pool>> pool_of(Services& services, const View& view);
storage::VolumeRef volume_of(const View& view);
/// One of its snapshots.
storage::VolumeRef snapshot_volume_of(const View& view, const std::string& snapshot);

/// Config of a new volume for an instance with that root disk: its initial.* values; of virtual machines also the disk's size.
StringMap new_volume_config(const View& view, const RootDisk& root);
/// The root disk gets the size that its device asks for, if any. Errors: invalid (a virtual machine's disk would shrink).
Result<> apply_size(const Context& ctx, storage::Pool& pool, const View& view);

/// Mounts the root volume; the handle keeps it so.
Result<storage::Mounted> mount_volume(const Context& ctx, const InstancePtr& instance);
/// Freezes a running instance while its volume is copied, where the pool's copies would not be of one moment; it goes on when the handle is
/// dropped. Null if that isn't needed. The caller holds the instance's lock.
Result<std::shared_ptr<void>> hold_still(const Context& ctx, const InstancePtr& instance, storage::Pool& pool);
/// Makes <var>/containers/<name> (or the folder of its type) lead to the volume, and -snapshots to its snapshots, where there are any.
Result<> link_volume(const InstancePtr& instance);
void unlink_volume(const Services& services, Type type, const std::string& full_name);

}  // namespace instance
