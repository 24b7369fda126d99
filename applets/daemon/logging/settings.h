// Where messages and events are sent to: the keys logging.<name>.* (and the older loki.*) of one receiver.
#pragma once
#include <map>
#include <string>

#include "api/types/event.h"
#include "base/strings.h"

namespace incusd {

struct LogTargetSettings {
  std::string name;  ///< <name> of the keys; "loki" for the older ones
  std::string type;  ///< "loki", "syslog", "webhook"
  std::string address, username, password, ca_certificate;
  std::string facility;           ///< syslog
  std::string instance;           ///< Loki: how this server is called
  StringList labels;              ///< Loki: members of the message that become labels
  int64_t attempts = 3;
  StringList types;               ///< "lifecycle", "logging", "network-acl"
  std::string level;              ///< the least serious one sent
  StringList lifecycle_projects;  ///< empty: all
  StringList lifecycle_types;     ///< beginnings of actions; empty: all

  friend bool operator==(const LogTargetSettings&, const LogTargetSettings&) = default;
};

/// All receivers of a server config, by name.
std::map<std::string, LogTargetSettings> log_targets_of(const StringMap& config);
/// Shall `event` be sent there?
bool wants_event(const LogTargetSettings& settings, const api::Event& event);
/// 0 (debug, trace) to 3 (error and worse).
int severity_of(std::string_view level);

}  // namespace incusd
