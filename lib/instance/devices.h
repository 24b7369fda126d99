// The devices of an instance as a whole: order, validation, start and stop, hot plug.
#pragma once
#include "device/device.h"
#include "instance/guest_events.h"
#include "instance/host.h"

namespace instance {

/// Names in the order devices start: by type, disks by path (so that mounts nest), else by name.
StringList device_order(const api::DevicesMap& devices);

/// Checks devices of an instance or (type any) a profile. `expanded`: all devices with profiles applied; then every device is
/// checked as it will run and a root disk must be there; null: only the own ones, cheaply. Errors: invalid.
Result<> validate_devices(Manager& manager, const std::string& project, Type type, const api::DevicesMap& local, const api::DevicesMap* expanded,
                          const StringMap& expanded_config);

/// Starts all devices for a starting container; on an error those already started are stopped again.
Result<std::vector<device::RunConfig>> start_devices(const Context& ctx, const InstancePtr& instance, Host& host);
/// Stops all devices after the container ended (errors are logged: everything is tried), in reverse order.
void stop_devices(const InstancePtr& instance);

/// Brings a running or stopped instance from `old_view`'s devices to those of the current view. Says what changed.
/// Errors: of the device that failed.
Result<DeviceChanges> change_devices(const Context& ctx, const InstancePtr& instance, const View& old_view);
/// Takes a device out of a running instance, whose config keeps it. The caller holds the instance's lock.
Result<> detach(const Context& ctx, const InstancePtr& instance, const std::string& name);
/// Plugs a device of a running instance in or out, if the host has changed that way. Takes the instance's lock; nothing if it doesn't run.
Result<> follow_host(const Context& ctx, const InstancePtr& instance, const std::string& name);
/// A custom volume was changed: running instances that have it follow (its size, mostly). `project`: where the volume is. Takes their locks.
/// Errors: of the last that failed; the others were told.
Result<> follow_volume(const Context& ctx, Manager& manager, const std::string& pool, const std::string& project, const std::string& volume);
/// The instance goes away for good: each device forgets it.
void remove_devices(const Context& ctx, const InstancePtr& instance);

/// Services of the device layer, from ours.
device::Services& device_services(Manager& manager);

}  // namespace instance
