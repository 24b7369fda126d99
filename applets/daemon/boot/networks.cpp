#include "applets/daemon/boot/networks.h"

#include "applets/daemon/server_config.h"
#include "base/log.h"
#include "http/certificate.h"
#include "network/network.h"
#include "network/zone/dns_server.h"

namespace incusd {
namespace {

std::string server_fingerprint(Daemon& daemon) {
  auto identity = server_identity(daemon);
  auto fingerprint = identity ? http::certificate_fingerprint(identity->certificate_pem) : Result<std::string>("");
  return fingerprint.value_or("");
}

}  // namespace

void open_networks(Daemon& daemon) {
  daemon.networks = network::Networks::open({.paths = daemon.paths,
                                             .global = *daemon.global,
                                             .projects = *daemon.projects,
                                             .events = daemon.events,
                                             .server_config = [&daemon] { return *daemon.config.get(); },
                                             .server_name = "none",
                                             .fingerprint = [&daemon] {
                                               static const std::string fingerprint = server_fingerprint(daemon);
                                               return fingerprint;
                                             },
                                             .debug = log_level() == LogLevel::debug});
}

void start_networks(Daemon& daemon) {
  if (!daemon.dns) {
    std::string address = get_or(*daemon.config.get(), "core.dns_address");
    if (auto opened = update_dns_listener(daemon, address); !opened) log_error("Cannot open the DNS listener", {{"error", opened.error().message()}});
  }
  auto started = daemon.networks->start_all(Context());
  if (started || daemon.stopping) return;
  log_warn("Some networks are down; they are tried again in a minute", {{"error", started.error().message()}});
  static std::shared_ptr<async::Runtime::Timer> retry;
  retry = daemon.runtime.after(std::chrono::minutes(1), [&daemon] { start_networks(daemon); });
}

void stop_networks(const Context& ctx, Daemon& daemon) { daemon.networks->stop_all(ctx); }

Result<> update_dns_listener(Daemon& daemon, const std::string& address) {
  daemon.dns.reset();  // the old address may be the new one's
  if (!address.empty()) daemon.dns = TRY(network::zone::DnsServer::start(*daemon.networks, canonical_listen_address(address, 53)));
  return {};
}

}  // namespace incusd
