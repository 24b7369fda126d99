#include "network/stored.h"

namespace network {

namespace records = db::network_records;

Result<std::vector<records::Row>> stored_rows(const Environment& env, const records::Table& table, const records::Filter& filter) {
  return env.global.read([&](db::Tx& tx) { return records::load_all(tx, table, filter); });
}

Result<records::Row> stored_row(const Environment& env, const records::Table& table, const records::Filter& filter) {
  return env.global.read([&](db::Tx& tx) { return records::load(tx, table, filter); });
}

Result<int64_t> store_new(const Environment& env, const records::Table& table, const records::Row& row) {
  return env.global.write([&](db::Tx& tx) { return records::create(tx, table, row); });
}

Result<> store_changed(const Environment& env, const records::Table& table, const records::Row& row) {
  return env.global.write([&](db::Tx& tx) { return records::update(tx, table, row); });
}

Result<> rename_stored(const Environment& env, const records::Table& table, int64_t id, const std::string& name) {
  return env.global.write([&](db::Tx& tx) { return records::rename(tx, table, id, name); });
}

Result<> remove_stored(const Environment& env, const records::Table& table, int64_t id) {
  return env.global.write([&](db::Tx& tx) { return records::remove(tx, table, id); });
}

records::Filter in_project(const std::string& project) {
  records::Filter filter;
  if (!project.empty()) filter.project = project;
  return filter;
}

records::Filter named(const std::string& project, const std::string& name) { return {.owner = {}, .project = project, .name = name}; }

}  // namespace network
