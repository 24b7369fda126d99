#include "applets/daemon/trusted.h"

#include "db/certificates.h"

namespace incusd {

Result<> reload_trust(Daemon& daemon) {
  auto rows = TRY(daemon.global->read([](db::Tx& tx) { return db::certificates::load_all(tx); }));
  std::vector<api::Certificate> certificates;
  for (const auto& row : rows) certificates.push_back(row.to_api());
  daemon.trust.set(std::move(certificates));
  return {};
}

}  // namespace incusd
