// What ACLs, address sets, zones, integrations and forwards share: objects kept as records (db::network_records).
#pragma once
#include "base/log.h"
#include "db/network_records.h"
#include "network/network.h"

namespace network {

/// Fetches records in a transaction of its own. Errors: db's.
Result<std::vector<db::network_records::Row>> stored_rows(const Environment& env, const db::network_records::Table& table,
                                                          const db::network_records::Filter& filter = {});
/// Errors: not_found "<title> not found".
Result<db::network_records::Row> stored_row(const Environment& env, const db::network_records::Table& table, const db::network_records::Filter& filter);
/// Each changes one record in a transaction of its own; a new one's id is returned. Errors: conflict, not_found.
Result<int64_t> store_new(const Environment& env, const db::network_records::Table& table, const db::network_records::Row& row);
Result<> store_changed(const Environment& env, const db::network_records::Table& table, const db::network_records::Row& row);
Result<> rename_stored(const Environment& env, const db::network_records::Table& table, int64_t id, const std::string& name);
Result<> remove_stored(const Environment& env, const db::network_records::Table& table, int64_t id);

/// Filters for the records of one project (empty: of all), and for the one record with a name.
db::network_records::Filter in_project(const std::string& project);
db::network_records::Filter named(const std::string& project, const std::string& name);

/// The columns that every kind of record has; its JSON columns are left to the caller.
template <class T>
T from_row(const db::network_records::Row& row) {
  T item;
  item.id = row.id;
  if constexpr (requires { item.project; }) item.project = row.project;
  if constexpr (requires { item.name; }) item.name = row.name;
  item.description = row.description;
  item.config = row.config;
  return item;
}
template <class T>
db::network_records::Row to_row(const T& item, std::array<std::string, 2> json = {}, int64_t owner = 0) {
  db::network_records::Row row{.id = item.id, .owner = owner, .project = "", .name = "", .description = item.description, .json = std::move(json), .config = item.config};
  if constexpr (requires { item.project; }) row.project = item.project;
  if constexpr (requires { item.name; }) row.name = item.name;
  return row;
}

/// All of `rows` through `parse` (Row -> T or Result<T>).
template <class T, class Parse>
Result<std::vector<T>> parse_rows(const std::vector<db::network_records::Row>& rows, Parse parse) {
  std::vector<T> out;
  for (const auto& row : rows) {
    Result<T> item = parse(row);
    out.push_back(TRY(std::move(item)));
  }
  return out;
}

/// Stores `after` and puts it into force with `apply`; if that fails, `before` is stored again. Errors: those of `apply`.
template <class T, class Store, class Apply>
Result<> store_and_apply(const T& before, const T& after, Store store, Apply apply) {
  TRY(store(after));
  Result<> applied = apply();
  if (applied) return applied;
  if (auto restored = store(before); !restored) log_error("Failed to restore what was stored", {{"name", before.name}, {"error", restored.error().message()}});
  return applied;
}

}  // namespace network
