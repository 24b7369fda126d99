#include "applets/daemon/server_config.h"

#include <algorithm>

#include "applets/daemon/boot/networks.h"
#include "applets/daemon/jobs/job.h"
#include "applets/daemon/logging/targets.h"
#include "applets/daemon/server_info.h"
#include "applets/daemon/server_storage.h"
#include "applets/daemon/syslog_socket.h"
#include "applets/daemon/trusted.h"
#include "base/log.h"
#include "core/server_keys.h"
#include "db/config.h"
#include "http/certificate.h"

namespace incusd {
namespace {

Result<StringMap> stored_config(Daemon& daemon) {
  StringMap config = TRY(daemon.global->read([](db::Tx& tx) { return db::config::load(tx); }));
  config.merge(TRY(daemon.local->read([](db::Tx& tx) { return db::config::load(tx); })));
  return config;
}

/// What differs: key -> new value ("" where it is unset now).
StringMap difference(const StringMap& from, const StringMap& to) {
  StringMap changes;
  for (const auto& [key, value] : to) {
    if (get_or(from, key) != value) changes[key] = value;
  }
  for (const auto& [key, value] : from) {
    if (!to.contains(key)) changes[key] = "";
  }
  return changes;
}

Result<> store(Daemon& daemon, const StringMap& changes) {
  StringMap local, global;
  for (const auto& [key, value] : changes) (core::is_local_key(key) ? local : global)[key] = value;
  if (!local.empty()) TRY(daemon.local->write([&](db::Tx& tx) { return db::config::patch(tx, local); }));
  if (!global.empty()) TRY(daemon.global->write([&](db::Tx& tx) { return db::config::patch(tx, global); }));
  return {};
}

struct TlsListener {
  const char* key;
  int default_port;
};
constexpr TlsListener kTlsListeners[] = {{"core.https_address", kHttpsPort}, {"core.metrics_address", kMetricsPort}};

Result<> update_listener(Daemon& daemon, const TlsListener& listener, const std::string& value) {
  if (value.empty()) return daemon.server->listen_tls(listener.key, "", {});
  return daemon.server->listen_tls(listener.key, canonical_listen_address(value, listener.default_port), TRY(server_identity(daemon)));
}

Result<> update_syslog_socket(Daemon& daemon, const std::string& value) {
  auto& socket = daemon.jobs->background().syslog;
  socket.reset();
  if (is_true(value)) socket = TRY(SyslogSocket::open(daemon.runtime, daemon.events, daemon.paths.in_var("syslog.socket")));
  return {};
}

bool concerns_log_targets(const StringMap& changes) {
  return std::ranges::any_of(changes, [](const auto& change) { return change.first.starts_with("logging.") || change.first.starts_with("loki."); });
}

Result<> apply_change(Daemon& daemon, const std::string& key, const std::string& value) {
  for (const TlsListener& listener : kTlsListeners) {
    if (key == listener.key) return update_listener(daemon, listener, value);
  }
  if (key == "core.dns_address") return update_dns_listener(daemon, value);
  if (key == "core.syslog_socket") return update_syslog_socket(daemon, value);
  if (key == "core.trust_ca_certificates") reload_authority(daemon);
  if (!folder_of_key(daemon, key).empty()) return move_own_folder(Context(), daemon, key, value);
  return {};
}

}  // namespace

Result<> load_server_config(Daemon& daemon) {
  daemon.config.set(TRY(stored_config(daemon)));
  return {};
}

Result<> update_server_config(Daemon& daemon, const StringMap& values, bool patch) {
  static std::mutex one_at_a_time;
  std::lock_guard guard(one_at_a_time);
  StringMap old = *daemon.config.get();
  StringMap wanted = values;
  if (patch) wanted.insert(old.begin(), old.end());
  StringMap next = TRY(core::validate_server_config(wanted));
  StringMap changes = difference(old, next);
  if (changes.empty()) return {};
  for (const auto& [key, value] : changes)
    if (!folder_of_key(daemon, key).empty()) TRY_CTX(check_own_volume(Context(), daemon, key, value), "Failed validation of {}", quote(key));
  TRY(store(daemon, changes));
  daemon.config.set(next);
  for (const auto& [key, value] : changes) {
    auto applied = apply_change(daemon, key, value);
    if (applied) continue;
    if (auto undone = store(daemon, difference(next, old)); !undone) log_error("Failed to restore the server config", {{"err", undone.error().message()}});
    daemon.config.set(old);
    (void)apply_change(daemon, key, get_or(old, key));  // the error that counts is the first one
    return applied;
  }
  if (auto targets = daemon.jobs->background().log_targets; targets && concerns_log_targets(changes)) targets->configure(next);
  return {};
}

std::string canonical_listen_address(const std::string& value, int default_port) {
  std::string host = value, port = std::to_string(default_port);
  size_t bracket = value.find(']');
  size_t colon = value.rfind(':');
  bool bare_v6 = bracket == value.npos && colon != value.npos && value.find(':') != colon;
  if (!bare_v6 && colon != value.npos && (bracket == value.npos || colon > bracket)) {
    host = value.substr(0, colon);
    if (colon + 1 < value.size()) port = value.substr(colon + 1);
  }
  if (bare_v6) host = "[" + value + "]";
  if (host.empty() || host == "*") host = "[::]";
  return host + ":" + port;
}

void open_network_listeners(Daemon& daemon) {
  auto config = daemon.config.get();
  for (const TlsListener& listener : kTlsListeners) {
    std::string value = get_or(*config, listener.key);
    if (value.empty()) continue;
    auto opened = update_listener(daemon, listener, value);
    if (!opened) log_error("Cannot open the network listener", {{"key", listener.key}, {"address", value}, {"err", opened.error().message()}});
  }
}

void open_log_services(Daemon& daemon) {
  auto config = daemon.config.get();
  auto targets = std::make_shared<LogTargets>(daemon.runtime, daemon.events);
  targets->configure(*config);
  daemon.jobs->background().log_targets = std::move(targets);
  auto opened = update_syslog_socket(daemon, get_or(*config, "core.syslog_socket"));
  if (!opened) log_error("Cannot open the syslog socket", {{"err", opened.error().message()}});
}

Result<http::TlsIdentity> server_identity(Daemon& daemon) {
  http::KeyPair pair = TRY_CTX(http::load_or_generate(daemon.paths.in_var("server.crt"), daemon.paths.in_var("server.key"),
                                                      http::CertificateUse::server, http::local_host_names()),
                               "Failed to load the server certificate");
  return http::TlsIdentity{pair.certificate_pem, pair.key_pem};
}

}  // namespace incusd
