#include "applets/cli/instance/list_cells.h"
#include "applets/cli/verbs/columns.h"

#include <algorithm>

#include "base/strings.h"
#include "base/timestamp.h"
#include "base/units.h"

namespace cli {
namespace {

const Json& member(const Json& object, std::string_view name) {
  static const Json kNone;
  if (!object.is_object()) return kNone;
  auto found = object.find(name);
  return found == object.end() ? kNone : *found;
}

std::string text(const Json& object, std::string_view name) {
  const Json& value = member(object, name);
  return value.is_string() ? value.get<std::string>() : "";
}

int64_t number(const Json& object, std::string_view name) {
  const Json& value = member(object, name);
  return value.is_number() ? value.get<int64_t>() : 0;
}

bool active(const Json& instance) {
  int64_t code = number(instance, "status_code");
  return code != 0 && code != 102 && code != 112;
}

const Json& state(const Json& instance) { return member(instance, "state"); }

std::string addresses(const Json& instance, std::string_view family) {
  StringList found;
  if (!active(instance)) return "";
  for (const auto& [name, network] : member(state(instance), "network").items()) {
    if (text(network, "type") == "loopback") continue;
    for (const Json& address : member(network, "addresses")) {
      std::string scope = text(address, "scope");
      if (scope == "link" || scope == "local" || text(address, "family") != family) continue;
      found.push_back(std::format("{} ({})", text(address, "address"), name));
    }
  }
  std::ranges::sort(found, std::greater());
  return join(found, "\n");
}

std::string bytes(int64_t count, bool raw) {
  if (count <= 0) return "";
  return raw ? std::to_string(count) : format_byte_size(count);
}

std::string memory_usage(const Json& instance, bool raw) {
  return active(instance) ? bytes(number(member(state(instance), "memory"), "usage"), raw) : "";
}

std::string memory_percent(const Json& instance, bool) {
  int64_t used = active(instance) ? number(member(state(instance), "memory"), "usage") : 0;
  auto limit = parse_byte_size(text(member(instance, "expanded_config"), "limits.memory"));
  if (used <= 0 || !limit || *limit <= 0) return "";
  return std::format("{:.1f}%", static_cast<double>(used) * 100 / static_cast<double>(*limit));
}

/// The name and config of the disk at "/".
std::pair<std::string, const Json*> root_disk(const Json& instance) {
  for (const auto& [name, device] : member(instance, "expanded_devices").items()) {
    if (text(device, "type") == "disk" && text(device, "path") == "/") return {name, &device};
  }
  return {"", nullptr};
}

std::string disk_usage(const Json& instance, bool raw) {
  return bytes(number(member(member(state(instance), "disk"), root_disk(instance).first), "usage"), raw);
}

std::string pool(const Json& instance, bool) {
  const Json* root = root_disk(instance).second;
  return root ? text(*root, "pool") : "";
}

std::string type(const Json& instance, bool) {
  std::string name = to_upper(text(instance, "type"));
  if (name.empty()) name = "CONTAINER";
  if (is_true(text(member(instance, "expanded_config"), "volatile.container.oci"))) name += " (APP)";
  const Json& ephemeral = member(instance, "ephemeral");
  return ephemeral.is_boolean() && ephemeral.get<bool>() ? name + " (EPHEMERAL)" : name;
}

std::string profiles(const Json& instance, bool) {
  StringList names;
  for (const Json& name : member(instance, "profiles")) names.push_back(name.get<std::string>());
  return join(names, "\n");
}

std::string cpu_usage(const Json& instance, bool) {
  int64_t nanoseconds = active(instance) ? number(member(state(instance), "cpu"), "usage") : 0;
  return nanoseconds > 0 ? std::format("{}s", nanoseconds / 1000000000) : "";
}

std::string while_active(const Json& instance, std::string_view name) {
  return active(instance) && state(instance).is_object() ? std::to_string(number(state(instance), name)) : "";
}

std::string base_image(const Json& instance) { return text(member(instance, "config"), "volatile.base_image"); }

constexpr InstanceColumn kColumns[] = {
    {'4', "IPV4", [](const Json& i, bool) { return addresses(i, "inet"); }, CellNeeds::state},
    {'6', "IPV6", [](const Json& i, bool) { return addresses(i, "inet6"); }, CellNeeds::state},
    {'a', "ARCHITECTURE", [](const Json& i, bool) { return text(i, "architecture"); }},
    {'b', "STORAGE POOL", pool},
    {'c', "CREATED AT", [](const Json& i, bool) { return local_date(text(i, "created_at")); }},
    {'d', "DESCRIPTION", [](const Json& i, bool) { return text(i, "description"); }},
    {'D', "DISK USAGE", disk_usage, CellNeeds::state},
    {'e', "PROJECT", [](const Json& i, bool) { return text(i, "project"); }},
    {'f', "BASE IMAGE", [](const Json& i, bool) { return base_image(i).substr(0, 12); }},
    {'F', "BASE IMAGE", [](const Json& i, bool) { return base_image(i); }},
    {'l', "LAST USED AT", [](const Json& i, bool) { return local_date(text(i, "last_used_at")); }},
    {'L', "LOCATION", [](const Json& i, bool) { return text(i, "location"); }},
    {'m', "MEMORY USAGE", memory_usage, CellNeeds::state},
    {'M', "MEMORY USAGE%", memory_percent, CellNeeds::state},
    {'n', "NAME", [](const Json& i, bool) { return text(i, "name"); }},
    {'N', "PROCESSES", [](const Json& i, bool) { return while_active(i, "processes"); }, CellNeeds::state},
    {'p', "PID", [](const Json& i, bool) { return while_active(i, "pid"); }, CellNeeds::state},
    {'P', "PROFILES", profiles},
    {'R', "REMOTE", [](const Json& i, bool) { return text(i, "remote"); }},
    {'s', "STATE", [](const Json& i, bool) { return to_upper(text(i, "status")); }},
    {'S', "SNAPSHOTS", [](const Json& i, bool) { return std::to_string(member(i, "snapshots").size()); }, CellNeeds::snapshots},
    {'t', "TYPE", type},
    {'u', "CPU USAGE", cpu_usage, CellNeeds::state},
    {'U', "STARTED AT", [](const Json& i, bool) { return local_date(text(state(i), "started_at")); }, CellNeeds::state},
};

}  // namespace

std::span<const InstanceColumn> instance_columns() { return kColumns; }

}  // namespace cli
