// Descriptions of all config keys, for clients that complete and explain them.
#include <algorithm>
#include <map>

#include "applets/daemon/daemon.h"
#include "applets/daemon/route.h"
#include "core/project_keys.h"
#include "core/server_keys.h"
#include "instance/keys.h"

namespace incusd {
namespace {

std::string_view type_name(config::Type type) {
  switch (type) {
    case config::Type::boolean: return "bool";
    case config::Type::integer: return "integer";
    default: return "string";
  }
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
  return {{key.name, fields}};
}

std::string build() {
  std::map<std::string, std::map<std::string, std::vector<const config::Key*>>> entities;
  auto add = [&](const char* entity, config::Keys keys) {
    for (const config::Key& key : keys) entities[entity][std::string(key.group)].push_back(&key);
  };
#define SCHEMA(entity, keys) add(entity, keys);
#include "lib/schemas.def"
#undef SCHEMA
  Json configs = Json::object();
  for (auto& [entity, groups] : entities) {
    for (auto& [group, keys] : groups) {
      std::ranges::sort(keys, {}, &config::Key::name);
      Json list = Json::array();
      for (const config::Key* key : keys) list.push_back(describe(*key));
      configs[entity][group] = {{"keys", list}};
    }
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
