// Storing warnings; failing to store one is only logged.
#include "network/warning.h"

#include "base/log.h"
#include "db/warnings.h"
#include "network/network.h"

namespace network {
namespace {
constexpr int kUnavailable = 18;   // warning type "Network unavailable"
constexpr int64_t kNetworkEntity = 8;  // entity type "network"
}  // namespace

void warn_unavailable(const Environment& env, const Record& record, const std::string& message) {
  auto stored = env.global.write([&](db::Tx& tx) { return db::warnings::upsert(tx, {record.project, kNetworkEntity, record.id, kUnavailable}, message); });
  if (!stored) log_warn("Failed to create warning", {{"error", stored.error().message()}});
}

void resolve_unavailable(const Environment& env, const Record& record) {
  // Most networks have none: a read is cheaper than a write that changes nothing.
  auto open = env.global.read([&](db::Tx& tx) {
    return tx.query_integer("SELECT id FROM warnings WHERE entity_type_code = ? AND entity_id = ? AND type_code = ? AND status != 3",
                            {kNetworkEntity, record.id, int64_t{kUnavailable}});
  });
  if (!open || !*open) return;
  auto done = env.global.write([&](db::Tx& tx) {
    return db::warnings::resolve(tx, {.project = record.project, .type = kUnavailable, .entity_type = kNetworkEntity, .entity_id = record.id});
  });
  if (!done) log_warn("Failed to resolve warning", {{"error", done.error().message()}});
}

}  // namespace network
