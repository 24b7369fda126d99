// The server's configuration: loaded at start, changed through the API, applied at once.
#pragma once
#include "applets/daemon/daemon.h"

namespace incusd {

/// Reads both databases into daemon.config. Errors: internal.
Result<> load_server_config(Daemon& daemon);
/// Validates, stores and applies. `patch`: keys not named stay; else they return to their defaults.
/// Errors: invalid; and those of applying (then the old config is back in place).
Result<> update_server_config(Daemon& daemon, const StringMap& values, bool patch);

/// Reacts to a changed key; called after the new config is in daemon.config. Errors make the whole change fail.
using ConfigTrigger = Result<> (*)(Daemon& daemon, const std::string& key, const std::string& old_value, const std::string& value);
/// Opens the network listeners that the config asks for; failures are logged (the address may come up later).
void open_network_listeners(Daemon& daemon);
/// At start: what receives log messages (logging.*, loki.*) and what takes them (core.syslog_socket). Failures are logged.
void open_log_services(Daemon& daemon);
/// "host", ":port", "[v6]:port" → "host:port" with the default port; all interfaces where the host is empty or "*".
std::string canonical_listen_address(const std::string& value, int default_port);

inline constexpr int kHttpsPort = 8443;
inline constexpr int kMetricsPort = 9100;

/// The server's certificate and key (server.crt, server.key), made at first use. Errors: invalid for damaged files.
Result<http::TlsIdentity> server_identity(Daemon& daemon);

}  // namespace incusd
