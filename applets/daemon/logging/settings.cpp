#include "applets/daemon/logging/settings.h"

#include <algorithm>

#include "api/json_member.h"
#include "core/server_keys.h"

namespace incusd {
namespace {

/// The keys of one receiver: those of today, or the ones Loki had before.
struct KeyNames {
  std::string address, username, password, ca_certificate, instance, labels, level, types;
};

KeyNames names_of(const std::string& prefix) {
  return {prefix + "target.address", prefix + "target.username", prefix + "target.password", prefix + "target.ca_cert",
          prefix + "target.instance", prefix + "target.labels",  prefix + "logging.level",   prefix + "types"};
}

const KeyNames kOldLoki = {"loki.api.url", "loki.auth.username", "loki.auth.password", "loki.api.ca_cert",
                           "loki.instance", "loki.labels",       "loki.loglevel",      "loki.types"};

LogTargetSettings read(const StringMap& config, const KeyNames& keys) {
  auto value = [&](const std::string& key) { return core::server_value(config, key); };
  LogTargetSettings settings;
  settings.address = value(keys.address);
  settings.username = value(keys.username);
  settings.password = value(keys.password);
  settings.ca_certificate = value(keys.ca_certificate);
  settings.instance = value(keys.instance);
  settings.labels = split_list(value(keys.labels));
  settings.level = value(keys.level);
  settings.types = split_list(value(keys.types));
  return settings;
}

bool wants_lifecycle(const LogTargetSettings& settings, const Json& event) {
  std::string project = api::member_text(event, "project"), action = api::member_text(event, "action");
  if (!project.empty() && !settings.lifecycle_projects.empty() && !contains(settings.lifecycle_projects, project)) return false;
  return settings.lifecycle_types.empty() ||
         std::ranges::any_of(settings.lifecycle_types, [&](const std::string& start) { return action.starts_with(start); });
}

}  // namespace

std::map<std::string, LogTargetSettings> log_targets_of(const StringMap& config) {
  constexpr std::string_view kType = ".target.type", kStart = "logging.";
  std::map<std::string, LogTargetSettings> targets;
  for (const auto& [key, type] : config) {
    if (!key.starts_with(kStart) || !key.ends_with(kType)) continue;
    std::string prefix = key.substr(0, key.size() - kType.size() + 1);
    LogTargetSettings settings = read(config, names_of(prefix));
    settings.name = prefix.substr(kStart.size(), prefix.size() - kStart.size() - 1);
    settings.type = type;
    settings.facility = core::server_value(config, prefix + "target.facility");
    settings.attempts = std::max<int64_t>(1, parse_int(core::server_value(config, prefix + "target.retry")).value_or(3));
    settings.lifecycle_projects = split_list(get_or(config, prefix + "lifecycle.projects"));
    settings.lifecycle_types = split_list(get_or(config, prefix + "lifecycle.types"));
    targets[settings.name] = std::move(settings);
  }
  if (LogTargetSettings old = read(config, kOldLoki); !old.address.empty()) {
    old.name = old.type = "loki";
    targets["loki"] = std::move(old);
  }
  return targets;
}

int severity_of(std::string_view level) {
  if (level == "debug" || level == "trace") return 0;
  if (level == "info") return 1;
  return level == "warn" || level == "warning" ? 2 : 3;
}

bool wants_event(const LogTargetSettings& settings, const api::Event& event) {
  if (!contains(settings.types, event.type)) return false;
  if (event.type == "lifecycle") return wants_lifecycle(settings, event.metadata);
  return severity_of(api::member_text(event.metadata, "level")) >= severity_of(settings.level);
}

}  // namespace incusd
