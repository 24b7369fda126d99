#include "applets/daemon/boot/boot.h"

#include <sys/resource.h>
#include <unistd.h>

#include "api/architecture.h"
#include "api/extensions.h"
#include "applets/daemon/boot/directories.h"
#include "applets/daemon/boot/host_warnings.h"
#include "applets/daemon/boot/networks.h"
#include "applets/daemon/boot/storage.h"
#include "applets/daemon/boot/unix_socket.h"
#include "applets/daemon/dispatch.h"
#include "applets/daemon/guest/api.h"
#include "applets/daemon/jobs/job.h"
#include "applets/daemon/metrics_cache.h"
#include "applets/daemon/operation_rows.h"
#include "applets/daemon/routes/backup_common.h"
#include "applets/daemon/server_config.h"
#include "applets/daemon/server_info.h"
#include "applets/daemon/trusted.h"
#include "base/log.h"
#include "db/schema.h"
#include "core/operation_watch.h"
#include "http/proxy_header.h"
#include "http/starttls.h"
#include "image/store.h"
#include "instance/manager.h"
#include "instance/power.h"
#include "storage/pool.h"
#include "storage/sweeper.h"
#include "sys/service_manager.h"

namespace incusd {
namespace {

/// Running requests get this long to end when the daemon stops.
constexpr seconds kRequestGrace{2};

/// Many instances mean many descriptors: pidfds, consoles, sockets.
void raise_limits() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) log_warn("Cannot raise the limit of open files", {{"wanted", std::to_string(limit.rlim_max)}});
}

/// Log messages become `logging` events while somebody listens to them.
void publish_log(core::Events& events) {
  set_log_sink([&events](LogLevel level, std::string_view message, const LogFields& fields) {
    if (!events.wanted("logging")) return;
    api::EventLogging event;
    event.message = message;
    event.level = log_level_name(level);
    event.context = StringMap(fields.begin(), fields.end());
    events.send("logging", "", api::dump(event));
  });
}

Result<> open_databases(Daemon& daemon) {
  std::string folder = daemon.paths.in_var("database");
  daemon.local = TRY_CTX(db::open_local(folder), "Failed to open the local database");
  db::ServerFacts facts{.api_extensions = static_cast<int>(api::extensions().size()), .architecture = api::local_architecture()};
  daemon.global = TRY_CTX(db::open_global(folder, facts), "Failed to open the global database");
  daemon.projects = std::make_unique<core::ProjectCache>(*daemon.global);
  return {};
}

Result<> open_api(Daemon& daemon, UniqueFd socket) {
  daemon.server = http::Server::create(daemon.runtime, [&daemon](http::Request& request) { return daemon.dispatcher->plan(request); });
  http::offer_starttls(*daemon.server, [&daemon] { return server_identity(daemon); });
  http::trust_proxies(*daemon.server, [&daemon](const std::string& host) {
    return contains(split_list(get_or(*daemon.config.get(), "core.https_trusted_proxy")), host);
  });
  TRY(daemon.dispatcher->guest().listen());
  TRY(daemon.server->listen_unix(socket.release()));
  return {};
}

/// Pools, networks, images and instances as objects in memory; nothing is mounted or started yet.
Result<> open_domain(Daemon& daemon) {
  auto config = [&daemon] { return *daemon.config.get(); };
  daemon.pools = storage::Pools::create({.paths = daemon.paths, .global = *daemon.global, .events = daemon.events, .runtime = daemon.runtime});
  open_networks(daemon);
  daemon.images = image::Store::create({.paths = daemon.paths, .global = *daemon.global, .events = daemon.events,
                                        .projects = *daemon.projects, .server_config = config});
  daemon.images->on_gone = [pools = daemon.pools](const std::string& fingerprint) { pools->forget_image(fingerprint); };
  daemon.instances = std::make_shared<instance::Manager>(
      instance::Services{.paths = daemon.paths, .runtime = daemon.runtime, .global = *daemon.global, .events = daemon.events,
                         .operations = *daemon.operations, .projects = *daemon.projects, .pools = *daemon.pools,
                         .networks = *daemon.networks, .images = daemon.images.get(), .server_config = config});
  TRY(daemon.instances->load());
  daemon.instances->open_drivers();
  return {};
}

Result<> open_background(Daemon& daemon) {
  Background& background = daemon.jobs->background();
  background.metrics = std::make_shared<MetricsCache>();
  background.operation_rows = std::make_shared<OperationRows>(daemon);
  TRY(background.operation_rows->clear());
  core::watch_operations(*daemon.operations, [rows = background.operation_rows] { rows->changed(); });
  return {};
}

/// What clients need not wait for.
void finish_start(Daemon& daemon, Timestamp start) {
  open_network_listeners(daemon);
  open_log_services(daemon);
  start_storage(daemon);
  instance::recover_all(daemon.jobs->context(), *daemon.instances);
  start_networks(daemon);
  daemon.jobs->start();
  instance::autostart(daemon.jobs->context(), *daemon.instances);  // who waits for the daemon finds them running
  daemon.ready = true;
  sys::notify_service_manager("READY=1");
  record_host_warnings(daemon, start);
  log_info("Daemon started", {{"path", daemon.paths.var}});
}

}  // namespace

Result<std::unique_ptr<Daemon>> start_daemon(async::Runtime& runtime, const BootOptions& options) {
  Timestamp start = Timestamp::now();
  auto daemon = std::make_unique<Daemon>(runtime);
  daemon->paths = options.paths;
  raise_limits();
  publish_log(daemon->events);
  TRY(make_directories(daemon->paths));
  // First of all shared things: a second daemon must not touch the database of a running one.
  std::string path = options.socket_path.empty() ? daemon->paths.in_var("unix.socket") : options.socket_path;
  UniqueFd socket = TRY(open_api_socket(path, options.group));
  TRY(open_databases(*daemon));
  TRY(load_server_config(*daemon));
  TRY(reload_trust(*daemon));
  reload_authority(*daemon);
  daemon->operations = core::Operations::create(runtime, daemon->events);
  daemon->dispatcher = std::make_unique<Dispatcher>(*daemon);  // virtual machines that run already are told of it when they are found
  remove_unfinished_backups(*daemon);
  TRY_CTX(open_domain(*daemon), "Failed to load instances");
  daemon->info = std::make_unique<ServerInfo>(*daemon);
  daemon->jobs = std::make_unique<Jobs>(*daemon);
  TRY(open_background(*daemon));
  TRY(open_api(*daemon, std::move(socket)));
  runtime.offload([&daemon = *daemon, start] { finish_start(daemon, start); });
  return daemon;
}

void end_work(const Context& ctx, Daemon& daemon, Shutdown mode) {
  if (daemon.stopping.exchange(true)) return;
  sys::notify_service_manager("STOPPING=1");
  daemon.jobs->stop();
  storage::end_sweeping();
  daemon.operations->stop(ctx);
  if (mode != Shutdown::with_instances) return;
  instance::shutdown_all(ctx, *daemon.instances);
  stop_networks(ctx, daemon);
}

void stop_daemon(const Context& ctx, Daemon& daemon, Shutdown mode) {
  end_work(ctx, daemon, mode);
  daemon.dispatcher->guest().stop(kRequestGrace);
  daemon.server->stop(kRequestGrace);
  // A failure leaves a longer log to read at the next start, nothing else.
  (void)daemon.global->checkpoint();
  (void)daemon.local->checkpoint();
  remove_api_socket(daemon.paths.in_var("unix.socket"));
  set_log_sink(nullptr);  // the events end before the last messages
}

}  // namespace incusd
