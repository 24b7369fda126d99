// Events as Loki stores them: https://grafana.com/docs/loki/latest/reference/loki-http-api/ (push).
#pragma once
#include <vector>

#include "applets/daemon/logging/settings.h"

namespace incusd {

struct LokiEntry {
  StringMap labels;
  std::string line;
  Timestamp time;
};

/// `host`: this machine's name, the location of all its events.
LokiEntry loki_entry(const LogTargetSettings& settings, const api::Event& event, const std::string& host);
/// The body of a push request: entries with the same labels make one stream.
std::string loki_push(const std::vector<LokiEntry>& entries);

}  // namespace incusd
