// Tables of the global database for projects, instances, profiles, images, members and trust; and all of the local one.
#include "db/schema.h"

namespace db {

// Everything that is neither network nor storage.
const std::string_view kGlobalCoreTables = R"sql(
CREATE TABLE certificates (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  fingerprint TEXT NOT NULL,
  type INTEGER NOT NULL,
  name TEXT NOT NULL,
  certificate TEXT NOT NULL,
  restricted INTEGER NOT NULL DEFAULT 0,
  description TEXT NOT NULL DEFAULT "",
  UNIQUE (fingerprint)
);
CREATE TABLE certificates_projects (
  certificate_id INTEGER NOT NULL REFERENCES certificates (id) ON DELETE CASCADE,
  project_id INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
  UNIQUE (certificate_id, project_id)
);
CREATE TABLE cluster_groups (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  UNIQUE (name)
);
CREATE TABLE cluster_groups_config (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  cluster_group_id INTEGER NOT NULL REFERENCES cluster_groups (id) ON DELETE CASCADE,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  UNIQUE (cluster_group_id, key)
);
CREATE TABLE config (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  key TEXT NOT NULL,
  value TEXT,
  UNIQUE (key)
);
CREATE TABLE images (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  fingerprint TEXT NOT NULL,
  filename TEXT NOT NULL,
  size INTEGER NOT NULL,
  public INTEGER NOT NULL DEFAULT 0,
  architecture INTEGER NOT NULL,
  creation_date DATETIME,
  expiry_date DATETIME,
  upload_date DATETIME NOT NULL,
  cached INTEGER NOT NULL DEFAULT 0,
  last_use_date DATETIME,
  auto_update INTEGER NOT NULL DEFAULT 0,
  project_id INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
  type INTEGER NOT NULL DEFAULT 0,
  UNIQUE (project_id, fingerprint)
);
CREATE TABLE images_aliases (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  name TEXT NOT NULL,
  image_id INTEGER NOT NULL REFERENCES images (id) ON DELETE CASCADE,
  description TEXT NOT NULL,
  project_id INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
  UNIQUE (project_id, name)
);
CREATE TABLE images_nodes (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  image_id INTEGER NOT NULL REFERENCES images (id) ON DELETE CASCADE,
  node_id INTEGER NOT NULL REFERENCES nodes (id) ON DELETE CASCADE,
  UNIQUE (image_id, node_id)
);
CREATE TABLE images_profiles (
  image_id INTEGER NOT NULL REFERENCES images (id) ON DELETE CASCADE,
  profile_id INTEGER NOT NULL REFERENCES profiles (id) ON DELETE CASCADE,
  UNIQUE (image_id, profile_id)
);
CREATE TABLE images_properties (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  image_id INTEGER NOT NULL REFERENCES images (id) ON DELETE CASCADE,
  type INTEGER NOT NULL,
  key TEXT NOT NULL,
  value TEXT
);
CREATE TABLE images_source (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  image_id INTEGER NOT NULL REFERENCES images (id) ON DELETE CASCADE,
  server TEXT NOT NULL,
  protocol INTEGER NOT NULL,
  certificate TEXT NOT NULL,
  alias TEXT NOT NULL
);
CREATE TABLE instances (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  node_id INTEGER NOT NULL REFERENCES nodes (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  architecture INTEGER NOT NULL,
  type INTEGER NOT NULL,
  ephemeral INTEGER NOT NULL DEFAULT 0,
  creation_date DATETIME NOT NULL DEFAULT 0,
  stateful INTEGER NOT NULL DEFAULT 0,
  last_use_date DATETIME,
  description TEXT NOT NULL,
  project_id INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
  expiry_date DATETIME,
  UNIQUE (project_id, name)
);
CREATE TABLE instances_backups (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  instance_id INTEGER NOT NULL REFERENCES instances (id) ON DELETE CASCADE,
  name VARCHAR(255) NOT NULL,
  creation_date DATETIME,
  expiry_date DATETIME,
  container_only INTEGER NOT NULL DEFAULT 0,
  optimized_storage INTEGER NOT NULL DEFAULT 0,
  root_only INTEGER NOT NULL DEFAULT 0,
  UNIQUE (instance_id, name)
);
CREATE TABLE instances_config (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  instance_id INTEGER NOT NULL REFERENCES instances (id) ON DELETE CASCADE,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  UNIQUE (instance_id, key)
);
CREATE TABLE instances_devices (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  instance_id INTEGER NOT NULL REFERENCES instances (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  type INTEGER NOT NULL DEFAULT 0,
  UNIQUE (instance_id, name)
);
CREATE TABLE instances_devices_config (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  instance_device_id INTEGER NOT NULL REFERENCES instances_devices (id) ON DELETE CASCADE,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  UNIQUE (instance_device_id, key)
);
CREATE TABLE instances_profiles (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  instance_id INTEGER NOT NULL REFERENCES instances (id) ON DELETE CASCADE,
  profile_id INTEGER NOT NULL REFERENCES profiles (id) ON DELETE CASCADE,
  apply_order INTEGER NOT NULL DEFAULT 0,
  UNIQUE (instance_id, profile_id)
);
CREATE TABLE instances_snapshots (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  instance_id INTEGER NOT NULL REFERENCES instances (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  creation_date DATETIME NOT NULL DEFAULT 0,
  stateful INTEGER NOT NULL DEFAULT 0,
  description TEXT NOT NULL,
  expiry_date DATETIME,
  UNIQUE (instance_id, name)
);
CREATE TABLE instances_snapshots_config (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  instance_snapshot_id INTEGER NOT NULL REFERENCES instances_snapshots (id) ON DELETE CASCADE,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  UNIQUE (instance_snapshot_id, key)
);
CREATE TABLE instances_snapshots_devices (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  instance_snapshot_id INTEGER NOT NULL REFERENCES instances_snapshots (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  type INTEGER NOT NULL DEFAULT 0,
  UNIQUE (instance_snapshot_id, name)
);
CREATE TABLE instances_snapshots_devices_config (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  instance_snapshot_device_id INTEGER NOT NULL REFERENCES instances_snapshots_devices (id) ON DELETE CASCADE,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  UNIQUE (instance_snapshot_device_id, key)
);
CREATE TABLE nodes (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  address TEXT NOT NULL,
  schema INTEGER NOT NULL,
  api_extensions INTEGER NOT NULL,
  heartbeat DATETIME DEFAULT CURRENT_TIMESTAMP,
  state INTEGER NOT NULL DEFAULT 0,
  arch INTEGER NOT NULL DEFAULT 0 CHECK (arch > 0),
  failure_domain_id INTEGER DEFAULT NULL REFERENCES nodes_failure_domains (id) ON DELETE SET NULL,
  UNIQUE (address),
  UNIQUE (name)
);
CREATE TABLE nodes_cluster_groups (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  node_id INTEGER NOT NULL REFERENCES nodes (id) ON DELETE CASCADE,
  group_id INTEGER NOT NULL REFERENCES cluster_groups (id) ON DELETE CASCADE,
  UNIQUE (node_id, group_id)
);
CREATE TABLE nodes_config (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  node_id INTEGER NOT NULL REFERENCES nodes (id) ON DELETE CASCADE,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  UNIQUE (node_id, key)
);
CREATE TABLE nodes_failure_domains (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  name TEXT NOT NULL,
  UNIQUE (name)
);
CREATE TABLE nodes_roles (
  node_id INTEGER NOT NULL REFERENCES nodes (id) ON DELETE CASCADE,
  role INTEGER NOT NULL,
  UNIQUE (node_id, role)
);
CREATE TABLE operations (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  uuid TEXT NOT NULL,
  node_id TEXT NOT NULL REFERENCES nodes (id) ON DELETE CASCADE,
  type INTEGER NOT NULL DEFAULT 0,
  project_id INTEGER REFERENCES projects (id) ON DELETE CASCADE,
  UNIQUE (uuid)
);
CREATE TABLE profiles (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  project_id INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
  UNIQUE (project_id, name)
);
CREATE TABLE profiles_config (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  profile_id INTEGER NOT NULL REFERENCES profiles (id) ON DELETE CASCADE,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  UNIQUE (profile_id, key)
);
CREATE TABLE profiles_devices (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  profile_id INTEGER NOT NULL REFERENCES profiles (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  type INTEGER NOT NULL DEFAULT 0,
  UNIQUE (profile_id, name)
);
CREATE TABLE profiles_devices_config (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  profile_device_id INTEGER NOT NULL REFERENCES profiles_devices (id) ON DELETE CASCADE,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  UNIQUE (profile_device_id, key)
);
CREATE TABLE projects (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  UNIQUE (name)
);
CREATE TABLE projects_config (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  project_id INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  UNIQUE (project_id, key)
);
CREATE TABLE warnings (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  node_id INTEGER REFERENCES nodes (id) ON DELETE CASCADE,
  project_id INTEGER REFERENCES projects (id) ON DELETE CASCADE,
  entity_type_code INTEGER,
  entity_id INTEGER,
  uuid TEXT NOT NULL,
  type_code INTEGER NOT NULL,
  status INTEGER NOT NULL,
  first_seen_date DATETIME NOT NULL,
  last_seen_date DATETIME NOT NULL,
  updated_date DATETIME,
  last_message TEXT NOT NULL,
  count INTEGER NOT NULL,
  UNIQUE (uuid)
);
CREATE INDEX images_aliases_project_id_idx ON images_aliases (project_id);
CREATE INDEX images_project_id_idx ON images (project_id);
CREATE INDEX instances_node_id_idx ON instances (node_id);
CREATE INDEX instances_project_id_idx ON instances (project_id);
CREATE INDEX instances_project_id_and_name_idx ON instances (project_id, name);
CREATE INDEX instances_project_id_and_node_id_idx ON instances (project_id, node_id);
CREATE INDEX instances_project_id_and_node_id_and_name_idx ON instances (project_id, node_id, name);
CREATE INDEX profiles_project_id_idx ON profiles (project_id);
CREATE UNIQUE INDEX warnings_unique_node_id_project_id_entity_type_code_entity_id_type_code
  ON warnings (IFNULL(node_id, -1), IFNULL(project_id, -1), entity_type_code, entity_id, type_code);
)sql";

// What belongs to this machine only.
const std::string_view kLocalTables = R"sql(
CREATE TABLE certificates (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  fingerprint TEXT NOT NULL,
  type INTEGER NOT NULL,
  name TEXT NOT NULL,
  certificate TEXT NOT NULL,
  UNIQUE (fingerprint)
);
CREATE TABLE config (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  UNIQUE (key)
);
CREATE TABLE patches (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  name VARCHAR(255) NOT NULL,
  applied_at DATETIME NOT NULL,
  UNIQUE (name)
);
CREATE TABLE raft_nodes (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  address TEXT NOT NULL,
  role INTEGER NOT NULL DEFAULT 0,
  name TEXT NOT NULL DEFAULT "",
  UNIQUE (address)
);
)sql";

}  // namespace db
