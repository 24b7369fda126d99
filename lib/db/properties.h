// Key/value and device tables hang on most entities in the same shape: one implementation for all of them.
#pragma once
#include <map>
#include <string_view>

#include "api/field.h"
#include "db/database.h"

namespace db {

/// `<table>(<owner>, key, value)`. The names are compile-time literals: they go into SQL text.
struct ConfigTable {
  std::string_view table;
  std::string_view owner;
};
/// `<devices>(id, <owner>, name, type)` and `<config>(<device>, key, value)`.
struct DeviceTable {
  std::string_view devices;
  std::string_view owner;
  std::string_view config;
  std::string_view device;
};

inline constexpr ConfigTable kProjectConfig{"projects_config", "project_id"};
inline constexpr ConfigTable kProfileConfig{"profiles_config", "profile_id"};
inline constexpr ConfigTable kInstanceConfig{"instances_config", "instance_id"};
inline constexpr ConfigTable kSnapshotConfig{"instances_snapshots_config", "instance_snapshot_id"};
inline constexpr ConfigTable kPoolConfig{"storage_pools_config", "storage_pool_id"};
inline constexpr ConfigTable kVolumeConfig{"storage_volumes_config", "storage_volume_id"};
inline constexpr ConfigTable kVolumeSnapshotConfig{"storage_volumes_snapshots_config", "storage_volume_snapshot_id"};
inline constexpr ConfigTable kNetworkConfig{"networks_config", "network_id"};
inline constexpr DeviceTable kProfileDevices{"profiles_devices", "profile_id", "profiles_devices_config", "profile_device_id"};
inline constexpr DeviceTable kInstanceDevices{"instances_devices", "instance_id", "instances_devices_config", "instance_device_id"};
inline constexpr DeviceTable kSnapshotDevices{"instances_snapshots_devices", "instance_snapshot_id",
                                              "instances_snapshots_devices_config", "instance_snapshot_device_id"};

Result<StringMap> load_config(Tx& tx, const ConfigTable& table, int64_t owner);
/// Makes the stored keys equal `config`, touching only what differs. Keys with an empty value are not stored.
Result<> save_config(Tx& tx, const ConfigTable& table, int64_t owner, const StringMap& config);
/// Sets some keys and leaves the others; an empty value removes.
Result<> patch_config(Tx& tx, const ConfigTable& table, int64_t owner, const StringMap& changes);
/// Config of many owners in one query: those whose id `owners_sql` ("SELECT id FROM …", with `values`) yields.
Result<std::map<int64_t, StringMap>> load_configs(Tx& tx, const ConfigTable& table, std::string_view owners_sql, const Values& values = {});

/// Devices come back with their "type" key. Errors of save: invalid (unknown device type).
Result<api::DevicesMap> load_devices(Tx& tx, const DeviceTable& table, int64_t owner);
Result<> save_devices(Tx& tx, const DeviceTable& table, int64_t owner, const api::DevicesMap& devices);
Result<std::map<int64_t, api::DevicesMap>> load_all_devices(Tx& tx, const DeviceTable& table, std::string_view owners_sql,
                                                            const Values& values = {});

}  // namespace db
