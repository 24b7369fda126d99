// Descriptions of all config keys, for clients that complete and explain them.
#include <algorithm>
#include <map>

#include "applets/daemon/daemon.h"
#include "applets/daemon/route.h"
#include "schema/schema.h"

namespace incusd {
namespace {

std::string_view type_name(config::Type type) {
  switch (type) {
    case config::Type::boolean: return "bool";
    case config::Type::integer: return "integer";
    default: return "string";
  }
}

/// Patterns as users read them: "<name>" and a "*" in the middle are a NAME to choose.
std::string shown_name(std::string_view name) {
  std::string text = replace_all(std::string(name), "<pool>", "POOL_NAME");
  return replace_all(replace_all(text, "<name>", "NAME"), ".*.", ".NAME.");
}

/// One key as {"name": {…}}; absent attributes are left out, the rest is in alphabetical order.
Json describe(const config::Key& key) {
  Json fields = Json::object();
  auto add = [&](const char* name, std::string_view value) {
    if (!value.empty()) fields[name] = value;
  };
  add("condition", key.condition);
  add("defaultdesc", key.def.empty() ? "" : "`" + std::string(key.def) + "`");
  add("liveupdate", key.live);
  fields["longdesc"] = "";
  if (key.managed) fields["managed"] = "yes";
  add("required", key.required);
  add("scope", key.scope);
  fields["shortdesc"] = key.summary;
  fields["type"] = type_name(key.type);
  return {{shown_name(key.name), fields}};
}

/// entity -> group -> keys
using Entities = std::map<std::string, std::map<std::string, std::vector<const config::Key*>>>;

/// `group` empty: the one each key names.
void add(Entities& entities, const std::string& entity, const std::string& group, config::Keys keys) {
  for (const config::Key& key : keys) {
    // Kernel limits are documented as a chapter of their own.
    bool kernel = entity == "instance" && key.name.starts_with("limits.kernel.") && !key.name.ends_with('*');
    if (kernel) entities["kernel"]["limits"].push_back(&key);
    else entities[entity][group.empty() ? std::string(key.group) : group].push_back(&key);
  }
}

void add_device(Entities& entities, const std::string& type, config::Keys keys) {
  // nic and gpu have a table for each of their kinds; both kinds of device nodes share one chapter.
  if (type == "none" || type == "nic" || type == "gpu" || type == "unix-block") return;
  add(entities, "devices", type == "unix-char" ? "unix-char-block" : type, keys);
}

/// Chapters are named by what they configure and its type.
void add(Entities& entities, const schema::Table& table) {
  if (table.kind == "device") return add_device(entities, table.type, table.keys);
  if (table.kind == "nic" || table.kind == "gpu") return add(entities, "devices", std::format("{}_{}", table.kind, table.type), table.keys);
  if (table.kind == "network") return add(entities, "network_" + table.type, "", table.keys);
  if (table.kind != "pool" && table.kind != "volume") return add(entities, std::string(table.kind), "", table.keys);
  for (const std::string& driver : schema::pool_drivers()) {
    add(entities, (table.kind == "pool" ? "storage_" : "storage_volume_") + driver, "common", table.keys);
  }
}

Json render_group(std::vector<const config::Key*> keys) {
  std::ranges::sort(keys, {}, &config::Key::name);
  Json list = Json::array();
  for (const config::Key* key : keys) list.push_back(describe(*key));
  return {{"keys", list}};
}

std::string build() {
  Entities entities;
  for (const schema::Table& table : schema::tables()) add(entities, table);
  Json configs = Json::object();
  for (const auto& [entity, groups] : entities) {
    for (const auto& [group, keys] : groups) configs[entity][group] = render_group(keys);
  }
  return api::dump_json({{"configs", configs}});
}

Result<Reply> get_configuration(Call&) {
  static const std::string kText = build();
  return ok(kText);
}

constexpr Route kRoutes[] = {
    {http::Method::get, "/1.0/metadata/configuration", kUntrusted, kNoFlags, get_configuration, "All config keys"},
};

}  // namespace

extern const Routes metadata_routes = kRoutes;

}  // namespace incusd
