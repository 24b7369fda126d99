// Network rows.
#include "db/networks.h"

#include "db/member_objects.h"
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
  TRY(join_member(tx, kNetworks, id, put.config));
  return id;
}

Result<> update(Tx& tx, int64_t id, const api::NetworkPut& put) { return update_object(tx, kNetworks, id, put.description, put.config); }
Result<> set_state(Tx& tx, int64_t id, State state) { return set_object_state(tx, kNetworks, id, state); }
Result<> remove(Tx& tx, int64_t id) { return remove_object(tx, kNetworks, id); }

Result<> rename(Tx& tx, int64_t id, const std::string& name) {
  TRY(or_conflict(tx.exec("UPDATE networks SET name = ? WHERE id = ?", {name, id}), "Network " + quote(name) + " already exists"));
  return {};
}

}  // namespace db::networks
