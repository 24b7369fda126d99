// Network rows.
#include "db/networks.h"

#include "db/properties.h"
#include "db/query.h"

namespace db::networks {

namespace {

Result<std::vector<Row>> query(Tx& tx, const Where& where) {
  std::string from = " FROM networks JOIN projects ON projects.id = networks.project_id" + where.sql();
  auto rows = TRY(select<Row>(
      tx, "SELECT networks.id, projects.name, networks.name, networks.description, networks.type, networks.state" + from +
              " ORDER BY projects.name, networks.name",
      where.values(), [](const db::Row& row) {
        Row network;
        network.id = row.integer(0);
        network.project = row.text(1);
        network.name = row.text(2);
        network.description = row.text(3);
        network.type = static_cast<NetworkType>(row.integer(4));
        network.state = static_cast<State>(row.integer(5));
        return network;
      }));
  if (rows.empty()) return rows;
  auto configs = TRY(load_configs(tx, kNetworkConfig, where.sql().empty() ? "" : "SELECT networks.id" + from, where.values()));
  for (Row& row : rows) row.config = std::move(configs[row.id]);
  return rows;
}

/// Some keys describe this member's side of the network: their rows carry its id.
Result<> save(Tx& tx, int64_t id, const StringMap& config) {
  TRY(save_config(tx, kNetworkConfig, id, config));
  TRY(tx.exec("UPDATE networks_config SET node_id = 1 WHERE network_id = ? AND node_id IS NULL AND key IN ('bgp.ipv4.nexthop', "
              "'bgp.ipv6.nexthop', 'bridge.external_interfaces', 'parent')", {id}));
  return {};
}

}  // namespace

Result<std::vector<Row>> load_all(Tx& tx, const std::string& project) {
  Where where;
  if (!project.empty()) where.add("projects.name = ?", project);
  return query(tx, where);
}

Result<Row> load(Tx& tx, const std::string& project, const std::string& name) {
  Where where;
  where.add("projects.name = ?", project);
  where.add("networks.name = ?", name);
  return only(TRY(query(tx, where)), "Network");
}

Result<int64_t> create(Tx& tx, const std::string& project, const std::string& name, NetworkType type, const api::NetworkPut& put) {
  auto project_id = TRY(tx.query_integer("SELECT id FROM projects WHERE name = ?", {project}));
  if (!project_id) return fail(Code::not_found, "Project not found");
  int64_t id = TRY(or_conflict(tx.insert("INSERT INTO networks (project_id, name, description, state, type) VALUES (?, ?, ?, 0, ?)",
                                         {*project_id, name, put.description, number(type)}),
                               "Network " + quote(name) + " already exists"));
  TRY(tx.insert("INSERT INTO networks_nodes (network_id, node_id, state) VALUES (?, 1, 0)", {id}));
  TRY(save(tx, id, put.config));
  return id;
}

Result<> update(Tx& tx, int64_t id, const api::NetworkPut& put) {
  TRY(tx.exec("UPDATE networks SET description = ? WHERE id = ?", {put.description, id}));
  return save(tx, id, put.config);
}

Result<> set_state(Tx& tx, int64_t id, State state) {
  TRY(tx.exec("UPDATE networks SET state = ? WHERE id = ?", {number(state), id}));
  TRY(tx.exec("UPDATE networks_nodes SET state = ? WHERE network_id = ? AND node_id = 1", {number(state), id}));
  return {};
}

Result<> rename(Tx& tx, int64_t id, const std::string& name) {
  TRY(or_conflict(tx.exec("UPDATE networks SET name = ? WHERE id = ?", {name, id}), "Network " + quote(name) + " already exists"));
  return {};
}

Result<> remove(Tx& tx, int64_t id) {
  TRY(tx.exec("DELETE FROM networks WHERE id = ?", {id}));
  return {};
}

}  // namespace db::networks
