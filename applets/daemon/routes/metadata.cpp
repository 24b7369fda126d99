// Descriptions of all config keys, for clients that complete and explain them.
#include <algorithm>
#include <map>

#include "applets/daemon/daemon.h"
#include "applets/daemon/route.h"
#include "core/project_keys.h"
#include "core/server_keys.h"
#include "device/nic/nic.h"
#include "device/services.h"
#include "instance/keys.h"
#include "network/types.h"
#include "storage/keys.h"

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

void add_devices(Entities& entities) {
  for (const device::Type* type : device::types()) {
    std::string name(type->name);
    if (name == "none") continue;
    if (name != "nic") {
      bool unix_node = name == "unix-char" || name == "unix-block";
      if (name != "unix-block") add(entities, "devices", unix_node ? "unix-char-block" : name, type->keys({{"type", name}}));
      continue;
    }
    for (const device::nic::Kind* kind : device::nic::kinds()) add(entities, "devices", "nic_" + std::string(kind->name), kind->keys);
  }
}

void add_storage(Entities& entities) {
  for (const std::string& driver : storage::driver_names()) {
    add(entities, "storage_" + driver, "common", storage::common_pool_keys());
    add(entities, "storage_volume_" + driver, "common", storage::volume_keys());
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
#define SCHEMA(entity, keys) add(entities, entity, "", keys);
#include "lib/schemas.def"
#undef SCHEMA
  for (const network::Type* type : network::types()) add(entities, "network_" + std::string(type->name), "", type->keys);
  add_devices(entities);
  add_storage(entities);
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
