// The trust store as the daemon keeps it: rows of the database, in memory.
#pragma once
#include "applets/daemon/daemon.h"

namespace incusd {
/// After every change of certificates or of their projects. Errors: internal.
Result<> reload_trust(Daemon& daemon);
/// At start, and after a change of core.trust_ca_certificates: server.ca and ca.crl, where they exist (PKI mode).
void reload_authority(Daemon& daemon);
}  // namespace incusd
