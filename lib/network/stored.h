// What ACLs and address sets share: objects of a project kept as records, whose changes take effect in the firewall.
#pragma once
#include "base/log.h"
#include "db/network_records.h"
#include "network/network.h"

namespace network {

/// All records of a table, of one project or (empty) of all, through `parse` (Row -> Result<T>).
template <class T, class Table, class Parse>
Result<std::vector<T>> load_stored(const Environment& env, const Table& table, const std::string& project, Parse parse) {
  db::network_records::Filter filter;
  if (!project.empty()) filter.project = project;
  std::vector<T> out;
  for (const auto& row : TRY(env.global.read([&](db::Tx& tx) { return db::network_records::load_all(tx, table, filter); }))) out.push_back(TRY(parse(row)));
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
