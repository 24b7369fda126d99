// Storing warnings; failing to store one is only logged.
#include "network/warning.h"

#include "base/log.h"
#include "core/warnings.h"
#include "network/network.h"

namespace network {

namespace {

core::WarningSubject unavailable(const Record& record) {
  return {.type = core::WarningType::network_unavailable, .project = record.project, .entity = core::EntityType::network, .entity_id = record.id};
}

}  // namespace

void warn_unavailable(const Environment& env, const Record& record, const std::string& message) {
  auto stored = env.global.write([&](db::Tx& tx) { return core::warn(tx, unavailable(record), message); });
  if (!stored) log_warn("Failed to create warning", {{"error", stored.error().message()}});
}

void resolve_unavailable(const Environment& env, const Record& record) {
  auto done = env.global.write([&](db::Tx& tx) { return core::resolve_warnings(tx, unavailable(record)); });
  if (!done) log_warn("Failed to resolve warning", {{"error", done.error().message()}});
}

}  // namespace network
