// The one implementation of key/value and device tables.
#include "db/properties.h"

#include "db/codes.h"

namespace db {

Result<StringMap> load_config(Tx& tx, const ConfigTable& table, int64_t owner) {
  StringMap config;
  TRY(tx.query(std::format("SELECT key, value FROM {} WHERE {} = ?", table.table, table.owner), {owner}, [&](const Row& row) -> Result<> {
    config.emplace(row.text(0), row.text(1));
    return {};
  }));
  return config;
}

Result<> patch_config(Tx& tx, const ConfigTable& table, int64_t owner, const StringMap& changes) {
  // An upsert would depend on which unique index the table has; update-or-insert works for all of them and keeps row ids.
  std::string update = std::format("UPDATE {} SET value = ? WHERE {} = ? AND key = ?", table.table, table.owner);
  std::string add = std::format("INSERT INTO {} ({}, key, value) VALUES (?, ?, ?)", table.table, table.owner);
  std::string drop = std::format("DELETE FROM {} WHERE {} = ? AND key = ?", table.table, table.owner);
  for (const auto& [key, value] : changes) {
    if (value.empty()) {
      TRY(tx.exec(drop, {owner, key}));
    } else if (TRY(tx.exec(update, {value, owner, key})) == 0) {
      TRY(tx.insert(add, {owner, key, value}));
    }
  }
  return {};
}

Result<> save_config(Tx& tx, const ConfigTable& table, int64_t owner, const StringMap& config) {
  StringMap stored = TRY(load_config(tx, table, owner));
  StringMap changes;
  for (const auto& [key, value] : stored) {
    std::string wanted = get_or(config, key);
    if (wanted != value) changes[key] = wanted;
  }
  for (const auto& [key, value] : config) {
    if (!stored.contains(key) && !value.empty()) changes[key] = value;
  }
  return patch_config(tx, table, owner, changes);
}

Result<std::map<int64_t, StringMap>> load_configs(Tx& tx, const ConfigTable& table, std::string_view owners_sql, const Values& values) {
  std::map<int64_t, StringMap> configs;
  // Rows of one owner mostly come together: remembering it saves the outer lookup.
  int64_t last = -1;
  StringMap* current = nullptr;
  auto each = [&](const Row& row) -> Result<> {
    if (int64_t owner = row.integer(0); owner != last) {
      last = owner;
      current = &configs[owner];
    }
    current->emplace(row.text(1), row.text(2));
    return {};
  };
  std::string sql = std::format("SELECT {0}, key, value FROM {1}", table.owner, table.table);
  if (!owners_sql.empty()) sql += std::format(" WHERE {} IN ({})", table.owner, owners_sql);
  TRY(tx.query(sql, values, each));
  return configs;
}

namespace {

Result<std::map<int64_t, api::DevicesMap>> query_devices(Tx& tx, const DeviceTable& table, const std::string& where, const Values& values) {
  std::map<int64_t, api::DevicesMap> found;
  StringMap* device = nullptr;
  int64_t last = -1;
  std::string sql = std::format(
      "SELECT d.id, d.{0}, d.name, d.type, c.key, c.value FROM {1} d LEFT JOIN {2} c ON c.{3} = d.id {4} ORDER BY d.id", table.owner,
      table.devices, table.config, table.device, where);
  TRY(tx.query(sql, values, [&](const Row& row) -> Result<> {
    if (row.integer(0) != last) {
      last = row.integer(0);
      device = &found[row.integer(1)][row.text(2)];
      device->emplace("type", device_type_name(static_cast<int>(row.integer(3))));
    }
    if (!row.is_null(4)) device->emplace(row.text(4), row.text(5));
    return {};
  }));
  return found;
}

Result<> add_device(Tx& tx, const DeviceTable& table, int64_t owner, const std::string& name, const StringMap& device) {
  int type = TRY(device_type_code(get_or(device, "type")));
  int64_t id = TRY(tx.insert(std::format("INSERT INTO {} ({}, name, type) VALUES (?, ?, ?)", table.devices, table.owner),
                             {owner, name, int64_t{type}}));
  std::string add = std::format("INSERT INTO {} ({}, key, value) VALUES (?, ?, ?)", table.config, table.device);
  for (const auto& [key, value] : device) {
    if (key != "type" && !value.empty()) TRY(tx.insert(add, {id, key, value}));
  }
  return {};
}

}  // namespace

Result<api::DevicesMap> load_devices(Tx& tx, const DeviceTable& table, int64_t owner) {
  auto found = TRY(query_devices(tx, table, std::format("WHERE d.{} = ?", table.owner), {owner}));
  return std::move(found[owner]);
}

Result<> save_devices(Tx& tx, const DeviceTable& table, int64_t owner, const api::DevicesMap& devices) {
  api::DevicesMap stored = TRY(load_devices(tx, table, owner));
  std::string drop = std::format("DELETE FROM {} WHERE {} = ? AND name = ?", table.devices, table.owner);
  for (const auto& [name, device] : stored) {
    auto wanted = devices.find(name);
    if (wanted == devices.end() || wanted->second != device) TRY(tx.exec(drop, {owner, name}));
  }
  for (const auto& [name, device] : devices) {
    auto kept = stored.find(name);
    if (kept == stored.end() || kept->second != device) TRY(add_device(tx, table, owner, name, device));
  }
  return {};
}

Result<std::map<int64_t, api::DevicesMap>> load_all_devices(Tx& tx, const DeviceTable& table, std::string_view owners_sql,
                                                            const Values& values) {
  return query_devices(tx, table, owners_sql.empty() ? "" : std::format("WHERE d.{} IN ({})", table.owner, owners_sql), values);
}

}  // namespace db
