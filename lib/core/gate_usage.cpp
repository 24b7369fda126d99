// How much of its limits a project uses.
#include "core/gate_entities.h"

#include "db/networks.h"

namespace core::gate {

namespace {

int64_t count_limit(const StringMap& config, const std::string& key) { return parse_int(get_or(config, key)).value_or(-1); }

}  // namespace

Result<api::ProjectState> usage(db::Tx& tx, const std::string& project) {
  Entities entities = TRY(load_entities(tx, project));
  expand_members(entities);
  api::ProjectState state;
  auto add_sum = [&](const std::string& name, const std::string& key) -> Result<> {
    std::string limit = get_or(entities.config, key);
    int64_t most = limit.empty() ? -1 : TRY(parse_limit(key, limit));
    int64_t sum = TRY(sum_of(entities, key, true));
    state.resources[name] = {.limit = most, .usage = sum};
    return {};
  };
  for (std::string_view name : {"cpu", "disk", "memory", "processes"}) TRY(add_sum(std::string(name), "limits." + std::string(name)));
  constexpr std::string_view kPool = "limits.disk.pool.";
  for (const auto& [key, value] : entities.config) {
    if (key.starts_with(kPool) && TRY(parse_limit(key, value)) > 0) TRY(add_sum("disk." + key.substr(kPool.size()), key));
  }
  state.resources["instances"] = {.limit = count_limit(entities.config, "limits.instances"), .usage = count_of(entities, {})};
  state.resources["containers"] = {.limit = count_limit(entities.config, "limits.containers"),
                                   .usage = count_of(entities, db::InstanceType::container)};
  state.resources["virtual-machines"] = {.limit = count_limit(entities.config, "limits.virtual-machines"),
                                         .usage = count_of(entities, db::InstanceType::vm)};
  state.resources["networks"] = {.limit = count_limit(entities.config, "limits.networks"),
                                 .usage = static_cast<int64_t>(TRY(db::networks::load_all(tx, project)).size())};
  return state;
}

}  // namespace core::gate
