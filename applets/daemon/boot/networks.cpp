#include "applets/daemon/boot/networks.h"

#include "applets/daemon/server_config.h"
#include "base/log.h"
#include "http/certificate.h"
#include "network/network.h"

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
  auto started = daemon.networks->start_all(Context());
  if (started || daemon.stopping) return;
  log_warn("Some networks are down; they are tried again in a minute", {{"error", started.error().message()}});
  static std::shared_ptr<async::Runtime::Timer> retry;
  retry = daemon.runtime.after(std::chrono::minutes(1), [&daemon] { start_networks(daemon); });
}

void stop_networks(const Context& ctx, Daemon& daemon) { daemon.networks->stop_all(ctx); }

}  // namespace incusd
