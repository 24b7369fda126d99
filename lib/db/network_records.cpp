#include "db/network_records.h"

#include "db/query.h"

namespace db::network_records {
namespace {

bool of_project(const Table& table) { return table.owner == "project_id"; }

Where conditions(const Table& table, const Filter& filter) {
  Where where;
  if (filter.owner) where.add(std::format("{}.{} = ?", table.name, table.owner), *filter.owner);
  if (filter.project && of_project(table)) where.add("projects.name = ?", *filter.project);
  if (filter.name) where.add(std::format("{}.{} = ?", table.name, table.key), *filter.name);
  return where;
}

std::string from(const Table& table, const Where& where) {
  std::string text = std::format(" FROM {}", table.name);
  if (of_project(table)) text += std::format(" JOIN projects ON projects.id = {}.project_id", table.name);
  return text + where.sql();
}

std::string columns(const Table& table) {
  std::string owner = table.owner.empty() ? "0" : std::format("{}.{}", table.name, table.owner);
  std::string text = std::format("{0}.id, {1}, {2}, {0}.{3}, {0}.description", table.name, owner, of_project(table) ? "projects.name" : "''", table.key);
  for (std::string_view column : table.json)
    if (!column.empty()) text += std::format(", {}.{}", table.name, column);
  return text;
}

Row read(const Table& table, const db::Row& row) {
  Row out{.id = row.integer(0), .owner = row.integer(1), .project = row.text(2), .name = row.text(3), .description = row.text(4)};
  int column = 5;
  for (size_t i = 0; i < table.json.size(); i++)
    if (!table.json[i].empty()) out.json[i] = row.text(column++);
  return out;
}

}  // namespace

Result<std::vector<Row>> load_all(Tx& tx, const Table& table, const Filter& filter) {
  Where where = conditions(table, filter);
  std::string order = std::format(" ORDER BY {}{}.{}", of_project(table) ? "projects.name, " : "", table.name, table.key);
  auto rows = TRY(select<Row>(tx, "SELECT " + columns(table) + from(table, where) + order, where.values(),
                              [&](const db::Row& row) { return read(table, row); }));
  if (rows.empty()) return rows;
  std::string owners = where.sql().empty() ? "" : std::format("SELECT {}.id", table.name) + from(table, where);
  auto configs = TRY(load_configs(tx, table.config, owners, where.values()));
  for (Row& row : rows) row.config = std::move(configs[row.id]);
  return rows;
}

Result<Row> load(Tx& tx, const Table& table, const Filter& filter) { return only(TRY(load_all(tx, table, filter)), table.title); }

Result<int64_t> create(Tx& tx, const Table& table, const Row& row) {
  int64_t owner = row.owner;
  if (owner == 0 && of_project(table)) {
    auto project = TRY(tx.query_integer("SELECT id FROM projects WHERE name = ?", {row.project}));
    if (!project) return fail(Code::not_found, "Project not found");
    owner = *project;
  }
  std::string names = std::format("{}, description", table.key), marks = "?, ?";
  Values values = {row.name, row.description};
  auto add = [&](std::string_view column, Value value) {
    names += ", ";
    names += column;
    marks += ", ?";
    values.push_back(std::move(value));
  };
  if (!table.owner.empty()) add(table.owner, owner);
  if (table.per_member) add("node_id", int64_t{1});
  for (size_t i = 0; i < table.json.size(); i++)
    if (!table.json[i].empty()) add(table.json[i], row.json[i]);
  int64_t id = TRY(or_conflict(tx.insert(std::format("INSERT INTO {} ({}) VALUES ({})", table.name, names, marks), values),
                               std::format("{} {} already exists", table.title, quote(row.name))));
  TRY(save_config(tx, table.config, id, row.config));
  return id;
}

Result<> update(Tx& tx, const Table& table, const Row& row) {
  std::string set = "description = ?";
  Values values = {row.description};
  for (size_t i = 0; i < table.json.size(); i++) {
    if (table.json[i].empty()) continue;
    set += std::format(", {} = ?", table.json[i]);
    values.push_back(row.json[i]);
  }
  values.push_back(row.id);
  TRY(tx.exec(std::format("UPDATE {} SET {} WHERE id = ?", table.name, set), values));
  return save_config(tx, table.config, row.id, row.config);
}

Result<> rename(Tx& tx, const Table& table, int64_t id, const std::string& name) {
  TRY(or_conflict(tx.exec(std::format("UPDATE {} SET {} = ? WHERE id = ?", table.name, table.key), {name, id}),
                  std::format("{} {} already exists", table.title, quote(name))));
  return {};
}

Result<> remove(Tx& tx, const Table& table, int64_t id) {
  TRY(tx.exec(std::format("DELETE FROM {} WHERE id = ?", table.name), {id}));
  return {};
}

}  // namespace db::network_records
