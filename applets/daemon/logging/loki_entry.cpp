#include "applets/daemon/logging/loki_entry.h"

#include <format>

#include "api/json.h"

namespace incusd {
namespace {

std::string plain_text(const Json& value) { return value.is_string() ? value.get<std::string>() : api::dump_json(value); }

/// Members of `value`, however deep, as PREFIX-MEMBER.
void flatten(const std::string& prefix, const Json& value, StringMap& into) {
  if (!value.is_object()) return;
  for (const auto& [key, item] : value.items()) {
    if (item.is_object()) flatten(prefix + "-" + key, item, into);
    else into[prefix + "-" + key] = plain_text(item);
  }
}

void add_text(StringMap& into, const std::string& name, const Json& object, const char* key) {
  auto found = object.find(key);
  if (found != object.end() && found->is_string() && *found != "") into[name] = *found;
}

/// What an event says beside its message.
StringMap details_of(const api::Event& event) {
  StringMap details;
  const Json& data = event.metadata;
  flatten("context", data.value("context", Json()), details);
  if (event.type != "lifecycle") {
    details["level"] = data.value("level", "");
    return details;
  }
  details["action"] = data.value("action", "");
  details["source"] = data.value("source", "");
  if (Json requestor = data.value("requestor", Json()); requestor.is_object())
    for (const char* key : {"address", "protocol", "username"}) add_text(details, std::string("requester-") + key, requestor, key);
  return details;
}

}  // namespace

LokiEntry loki_entry(const LogTargetSettings& settings, const api::Event& event, const std::string& host) {
  LokiEntry entry{.labels = {{"app", "incus"}, {"type", event.type}, {"location", host}}, .line = {}, .time = event.timestamp};
  entry.labels["instance"] = settings.instance.empty() ? host : settings.instance;
  bool lifecycle = event.type == "lifecycle";
  if (lifecycle)
    for (const char* key : {"name", "project"}) add_text(entry.labels, key, event.metadata, key);
  for (const auto& [key, value] : details_of(event)) {
    std::string label = replace_all(key, "-", "_");  // Loki's labels have no hyphens
    if (contains(settings.labels, key) && entry.labels.try_emplace(label, value).second) continue;
    entry.line += key + "=" + quote(value) + " ";
  }
  entry.line += event.metadata.value(lifecycle ? "action" : "message", "");
  return entry;
}

std::string loki_push(const std::vector<LokiEntry>& entries) {
  std::map<StringMap, Json> streams;
  for (const LokiEntry& entry : entries) {
    Json& values = streams.try_emplace(entry.labels, Json::array()).first->second;
    values.push_back(Json::array({std::format("{}{:09}", entry.time.seconds, entry.time.nanos), entry.line}));
  }
  Json list = Json::array();
  for (const auto& [labels, values] : streams) list.push_back({{"stream", labels}, {"values", values}});
  return api::dump_json({{"streams", list}});
}

}  // namespace incusd
