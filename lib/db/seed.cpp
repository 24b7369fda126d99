// First rows of fresh databases. Names and texts are what users and tools find in a new server.
#include "db/seed.h"

#include <algorithm>

namespace db {

namespace {

constexpr std::string_view kProjectFeatures[] = {
    "features.images",   "features.profiles",       "features.storage.volumes", "features.storage.buckets",
    "features.networks", "features.networks.zones",
};

/// One-time data changes upstream knows by name: a fresh database needs none of them, so all are recorded as applied.
constexpr std::string_view kKnownPatches[] = {
    "storage_lvm_skipactivation",
    "clustering_drop_database_role",
    "network_clear_bridge_volatile_hwaddr",
    "move_backups_instances",
    "network_ovn_enable_nat",
    "network_ovn_remove_routes",
    "thinpool_typo_fix",
    "vm_rename_uuid_key",
    "db_nodes_autoinc",
    "network_acl_remove_defaults",
    "clustering_server_cert_trust",
    "warnings_remove_empty_node",
    "dnsmasq_entries_include_device_name",
    "storage_missing_snapshot_records",
    "storage_delete_old_snapshot_records",
    "storage_zfs_drop_block_volume_filesystem_extension",
    "storage_prefix_bucket_names_with_project",
    "storage_move_custom_iso_block_volumes",
    "zfs_set_content_type_user_property",
    "snapshots_rename",
    "storage_zfs_unset_invalid_block_settings",
    "storage_zfs_unset_invalid_block_settings_v2",
    "runtime_directory",
    "lvm_node_force_reuse",
    "auth_openfga_viewer",
    "auth_openfga_network_address_set",
    "db_json_columns",
    "network_ovn_directional_port_groups",
    "pool_fix_default_permissions",
    "auth_openfga_volume_files",
    "btrfs_config_volume_subvolume_names",
    "linstor_tune_rs_discard_granularity",
    "storage_lvmcluster_qcow2_overhead",
    "authorization_openfga_config_keys",
    "authorization_client_routes_from_driver",
    "network_ovn_l2proxy_arp_proxy",
    "auth_openfga_instance_tcp",
    "auth_openfga_shared_networks",
};

}  // namespace

Result<> seed_global(Tx& tx, const ServerFacts& facts) {
  TRY(tx.exec("INSERT INTO nodes (id, name, address, schema, api_extensions, arch, description) VALUES (1, 'none', '0.0.0.0', ?, ?, ?, '')",
              {int64_t{global_schema_version()}, int64_t{facts.api_extensions}, int64_t{std::max(facts.architecture, 1)}}));
  TRY(tx.exec("INSERT INTO projects (name, description) VALUES ('default', 'Default Incus project')"));
  for (std::string_view feature : kProjectFeatures) {
    TRY(tx.exec("INSERT INTO projects_config (project_id, key, value) VALUES (1, ?, 'true')", {std::string(feature)}));
  }
  TRY(tx.exec("INSERT INTO profiles (name, description, project_id) VALUES ('default', 'Default Incus profile', 1)"));
  TRY(tx.exec("INSERT INTO cluster_groups (name, description) VALUES ('default', 'Default cluster group')"));
  TRY(tx.exec("INSERT INTO nodes_cluster_groups (node_id, group_id) VALUES (1, 1)"));
  return {};
}

Result<> seed_local(Tx& tx) {
  for (std::string_view patch : kKnownPatches) {
    TRY(tx.exec("INSERT INTO patches (name, applied_at) VALUES (?, strftime('%s'))", {std::string(patch)}));
  }
  return {};
}

Result<> refresh_member(Tx& tx, const ServerFacts& facts) {
  TRY(tx.exec("UPDATE nodes SET schema = ?1, api_extensions = ?2 WHERE id = 1 AND (schema != ?1 OR api_extensions != ?2)",
              {int64_t{global_schema_version()}, int64_t{facts.api_extensions}}));
  return {};
}

}  // namespace db
