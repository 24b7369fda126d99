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

void reload_authority(Daemon& daemon) {
  core::Authority authority;
  authority.ca_pem = read_file(daemon.paths.in_var("server.ca")).value_or("");
  authority.crl_pem = read_file(daemon.paths.in_var("ca.crl")).value_or("");
  authority.trust_all = is_true(get_or(*daemon.config.get(), "core.trust_ca_certificates"));
  daemon.trust.set_authority(std::move(authority));
}

}  // namespace incusd
