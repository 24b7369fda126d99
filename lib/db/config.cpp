// Server configuration rows.
#include "db/config.h"

namespace db::config {

Result<StringMap> load(Tx& tx) {
  StringMap config;
  TRY(tx.query("SELECT key, value FROM config", {}, [&](const Row& row) -> Result<> {
    config.emplace(row.text(0), row.text(1));
    return {};
  }));
  return config;
}

Result<> patch(Tx& tx, const StringMap& changes) {
  for (const auto& [key, value] : changes) {
    if (value.empty()) {
      TRY(tx.exec("DELETE FROM config WHERE key = ?", {key}));
    } else {
      TRY(tx.exec("INSERT INTO config (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = ?2", {key, value}));
    }
  }
  return {};
}

}  // namespace db::config
