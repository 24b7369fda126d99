// Tables of the global database for networks and what hangs on them.
#include "db/schema.h"

namespace db {

// A NULL node_id means the value holds for all members.
const std::string_view kGlobalNetworkTables = R"sql(
CREATE TABLE networks (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  project_id INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  state INTEGER NOT NULL DEFAULT 0,
  type INTEGER NOT NULL DEFAULT 0,
  UNIQUE (project_id, name)
);
CREATE TABLE networks_acls (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  project_id INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  ingress TEXT NOT NULL,
  egress TEXT NOT NULL,
  UNIQUE (project_id, name)
);
CREATE TABLE networks_acls_config (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  network_acl_id INTEGER NOT NULL REFERENCES networks_acls (id) ON DELETE CASCADE,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  UNIQUE (network_acl_id, key)
);
CREATE TABLE networks_address_sets (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  project_id INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  addresses TEXT NOT NULL,
  description TEXT,
  UNIQUE (project_id, name),
  UNIQUE (name)
);
CREATE TABLE networks_address_sets_config (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  network_address_set_id INTEGER NOT NULL REFERENCES networks_address_sets (id) ON DELETE CASCADE,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  UNIQUE (network_address_set_id, key)
);
CREATE TABLE networks_config (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  network_id INTEGER NOT NULL REFERENCES networks (id) ON DELETE CASCADE,
  node_id INTEGER REFERENCES nodes (id) ON DELETE CASCADE,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  UNIQUE (network_id, node_id, key)
);
CREATE TABLE networks_forwards (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  network_id INTEGER NOT NULL REFERENCES networks (id) ON DELETE CASCADE,
  node_id INTEGER REFERENCES nodes (id) ON DELETE CASCADE,
  listen_address TEXT NOT NULL,
  description TEXT NOT NULL,
  ports TEXT NOT NULL,
  UNIQUE (network_id, node_id, listen_address)
);
CREATE TABLE networks_forwards_config (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  network_forward_id INTEGER NOT NULL REFERENCES networks_forwards (id) ON DELETE CASCADE,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  UNIQUE (network_forward_id, key)
);
CREATE TABLE networks_integrations (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  type INTEGER NOT NULL,
  UNIQUE (name)
);
CREATE TABLE networks_integrations_config (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  network_integration_id INTEGER NOT NULL REFERENCES networks_integrations (id) ON DELETE CASCADE,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  UNIQUE (network_integration_id, key)
);
CREATE TABLE networks_load_balancers (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  network_id INTEGER NOT NULL REFERENCES networks (id) ON DELETE CASCADE,
  node_id INTEGER REFERENCES nodes (id) ON DELETE CASCADE,
  listen_address TEXT NOT NULL,
  description TEXT NOT NULL,
  backends TEXT NOT NULL,
  ports TEXT NOT NULL,
  UNIQUE (network_id, node_id, listen_address)
);
CREATE TABLE networks_load_balancers_config (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  network_load_balancer_id INTEGER NOT NULL REFERENCES networks_load_balancers (id) ON DELETE CASCADE,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  UNIQUE (network_load_balancer_id, key)
);
CREATE TABLE networks_nodes (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  network_id INTEGER NOT NULL REFERENCES networks (id) ON DELETE CASCADE,
  node_id INTEGER NOT NULL REFERENCES nodes (id) ON DELETE CASCADE,
  state INTEGER NOT NULL DEFAULT 0,
  UNIQUE (network_id, node_id)
);
CREATE TABLE networks_peers (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  network_id INTEGER NOT NULL REFERENCES networks (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  target_network_project TEXT,
  target_network_name TEXT,
  target_network_id INTEGER,
  type INTEGER NOT NULL DEFAULT 0,
  target_network_integration_id INTEGER DEFAULT NULL REFERENCES networks_integrations (id) ON DELETE CASCADE,
  UNIQUE (network_id, target_network_id),
  UNIQUE (network_id, target_network_project, target_network_name),
  UNIQUE (network_id, name)
);
CREATE TABLE networks_peers_config (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  network_peer_id INTEGER NOT NULL REFERENCES networks_peers (id) ON DELETE CASCADE,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  UNIQUE (network_peer_id, key)
);
CREATE TABLE networks_zones (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  project_id INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  UNIQUE (name)
);
CREATE TABLE networks_zones_config (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  network_zone_id INTEGER NOT NULL REFERENCES networks_zones (id) ON DELETE CASCADE,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  UNIQUE (network_zone_id, key)
);
CREATE TABLE networks_zones_records (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  network_zone_id INTEGER NOT NULL REFERENCES networks_zones (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  entries TEXT NOT NULL,
  UNIQUE (network_zone_id, name)
);
CREATE TABLE networks_zones_records_config (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  network_zone_record_id INTEGER NOT NULL REFERENCES networks_zones_records (id) ON DELETE CASCADE,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  UNIQUE (network_zone_record_id, key)
);
CREATE UNIQUE INDEX networks_unique_network_id_node_id_key ON networks_config (network_id, IFNULL(node_id, -1), key);
)sql";

}  // namespace db
