// Tables of the global database for storage pools, volumes and buckets.
#include "db/schema.h"

namespace db {

// Volumes and their snapshots share one number space: the triggers guard it.
const std::string_view kGlobalStorageTables = R"sql(
CREATE TABLE storage_buckets (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  name TEXT NOT NULL,
  storage_pool_id INTEGER NOT NULL REFERENCES storage_pools (id) ON DELETE CASCADE,
  node_id INTEGER REFERENCES nodes (id) ON DELETE CASCADE,
  description TEXT NOT NULL,
  project_id INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
  UNIQUE (node_id, name)
);
CREATE TABLE storage_buckets_backups (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  storage_bucket_id INTEGER NOT NULL REFERENCES storage_buckets (id) ON DELETE CASCADE,
  name VARCHAR(255) NOT NULL,
  creation_date DATETIME,
  expiry_date DATETIME,
  UNIQUE (storage_bucket_id, name)
);
CREATE TABLE storage_buckets_config (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  storage_bucket_id INTEGER NOT NULL REFERENCES storage_buckets (id) ON DELETE CASCADE,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  UNIQUE (storage_bucket_id, key)
);
CREATE TABLE storage_buckets_keys (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  storage_bucket_id INTEGER NOT NULL REFERENCES storage_buckets (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  access_key TEXT NOT NULL,
  secret_key TEXT NOT NULL,
  role TEXT NOT NULL,
  UNIQUE (storage_bucket_id, name)
);
CREATE TABLE storage_pools (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  name TEXT NOT NULL,
  driver TEXT NOT NULL,
  description TEXT NOT NULL,
  state INTEGER NOT NULL DEFAULT 0,
  UNIQUE (name)
);
CREATE TABLE storage_pools_config (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  storage_pool_id INTEGER NOT NULL REFERENCES storage_pools (id) ON DELETE CASCADE,
  node_id INTEGER REFERENCES nodes (id) ON DELETE CASCADE,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  UNIQUE (storage_pool_id, node_id, key)
);
CREATE TABLE storage_pools_nodes (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  storage_pool_id INTEGER NOT NULL REFERENCES storage_pools (id) ON DELETE CASCADE,
  node_id INTEGER NOT NULL REFERENCES nodes (id) ON DELETE CASCADE,
  state INTEGER NOT NULL DEFAULT 0,
  UNIQUE (storage_pool_id, node_id)
);
CREATE TABLE storage_volumes (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  name TEXT NOT NULL,
  storage_pool_id INTEGER NOT NULL REFERENCES storage_pools (id) ON DELETE CASCADE,
  node_id INTEGER REFERENCES nodes (id) ON DELETE CASCADE,
  type INTEGER NOT NULL,
  description TEXT NOT NULL,
  project_id INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
  content_type INTEGER NOT NULL DEFAULT 0,
  creation_date DATETIME NOT NULL DEFAULT "0001-01-01T00:00:00Z",
  UNIQUE (storage_pool_id, node_id, project_id, name, type)
);
CREATE TABLE storage_volumes_backups (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  storage_volume_id INTEGER NOT NULL REFERENCES storage_volumes (id) ON DELETE CASCADE,
  name VARCHAR(255) NOT NULL,
  creation_date DATETIME,
  expiry_date DATETIME,
  volume_only INTEGER NOT NULL DEFAULT 0,
  optimized_storage INTEGER NOT NULL DEFAULT 0,
  UNIQUE (storage_volume_id, name)
);
CREATE TABLE storage_volumes_config (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  storage_volume_id INTEGER NOT NULL REFERENCES storage_volumes (id) ON DELETE CASCADE,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  UNIQUE (storage_volume_id, key)
);
CREATE TABLE storage_volumes_snapshots (
  id INTEGER NOT NULL,
  storage_volume_id INTEGER NOT NULL REFERENCES storage_volumes (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  expiry_date DATETIME,
  creation_date DATETIME NOT NULL DEFAULT "0001-01-01T00:00:00Z",
  UNIQUE (storage_volume_id, name),
  UNIQUE (id)
);
CREATE TABLE storage_volumes_snapshots_config (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  storage_volume_snapshot_id INTEGER NOT NULL REFERENCES storage_volumes_snapshots (id) ON DELETE CASCADE,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  UNIQUE (storage_volume_snapshot_id, key)
);
CREATE UNIQUE INDEX storage_buckets_unique_storage_pool_id_node_id_name
  ON storage_buckets (storage_pool_id, IFNULL(node_id, -1), name);
CREATE UNIQUE INDEX storage_pools_unique_storage_pool_id_node_id_key
  ON storage_pools_config (storage_pool_id, IFNULL(node_id, -1), key);
CREATE UNIQUE INDEX storage_volumes_unique_storage_pool_id_node_id_project_id_name_type
  ON storage_volumes (storage_pool_id, IFNULL(node_id, -1), project_id, name, type);
CREATE VIEW storage_volumes_all
  (id, name, storage_pool_id, node_id, type, description, project_id, content_type, creation_date) AS
  SELECT id, name, storage_pool_id, node_id, type, description, project_id, content_type, creation_date
    FROM storage_volumes
  UNION
  SELECT s.id, v.name || '/' || s.name, v.storage_pool_id, v.node_id, v.type, s.description, v.project_id,
      v.content_type, s.creation_date
    FROM storage_volumes v JOIN storage_volumes_snapshots s ON s.storage_volume_id = v.id;
CREATE TRIGGER storage_volumes_check_id BEFORE INSERT ON storage_volumes
  WHEN NEW.id IN (SELECT id FROM storage_volumes_snapshots)
  BEGIN SELECT RAISE(FAIL, 'invalid ID'); END;
CREATE TRIGGER storage_volumes_snapshots_check_id BEFORE INSERT ON storage_volumes_snapshots
  WHEN NEW.id IN (SELECT id FROM storage_volumes)
  BEGIN SELECT RAISE(FAIL, 'invalid ID'); END;
)sql";

}  // namespace db
