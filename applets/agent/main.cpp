// incus-agent: runs inside a virtual machine and does there what the daemon asks for.
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <filesystem>
#include <print>

#include "applets/agent/agent.h"
#include "applets/agent/files.h"
#include "applets/agent/guest_api.h"
#include "applets/agent/server.h"
#include "applets/agent/status.h"
#include "applets/applet.h"
#include "base/log.h"
#include "base/version.h"
#include "core/location.h"
#include "sys/module.h"
#include "sys/service_manager.h"
#include "sys/spawn.h"

namespace agent {
namespace {

constexpr std::string_view kHelp = R"(Usage: incus-agent [flags]

The agent of Incus inside a virtual machine. Init scripts that come with the machine's config drive start it.

Flags:
  -d, --debug                    Log everything
  -h, --help                     Print this help
  -s, --secrets-location FOLDER  Where agent.crt, agent.key and server.crt are (the working directory)
      --socket PATH              Listen on a unix socket instead of vsock
      --host-socket PATH         Reach the daemon through a unix socket instead of vsock
      --devices FOLDER           Where incus/sock appears (/dev)
  -v, --verbose                  Log informational messages too
      --version                  Print the version)";

/// A machine that was told to reboot isn't reached for this long.
constexpr seconds kRebootTime{300};

struct Flag {
  std::string_view name, letter;
  std::string Options::* text = nullptr;
  bool Options::* on = nullptr;
};
constexpr Flag kFlags[] = {
    {"--debug", "-d", nullptr, &Options::debug},
    {"--devices", "", &Options::device_folder},
    {"--host-socket", "", &Options::host_socket},
    {"--secrets-location", "-s", &Options::secrets},
    {"--socket", "", &Options::socket},
    {"--verbose", "-v", nullptr, &Options::verbose},
};

/// Errors: invalid, naming the flag.
Result<Options> parse(const Args& args) {
  Options options;
  for (size_t at = 0; at < args.size(); at++) {
    StringList parts = split(args[at], '=', 2);
    bool known = false;
    for (const Flag& flag : kFlags) {
      if (parts[0] != flag.name && (flag.letter.empty() || parts[0] != flag.letter)) continue;
      known = true;
      if (flag.on) options.*flag.on = true;
      else if (parts.size() == 2) options.*flag.text = parts[1];
      else if (at + 1 < args.size()) options.*flag.text = args[++at];
      else return fail(Code::invalid, "flag needs an argument: {}", args[at]);
    }
    if (!known) return fail(Code::invalid, "unknown flag: {}", args[at]);
  }
  return options;
}

/// The kernel knows the name from now on.
void set_hostname() {
  std::string name(trim(read_file("/etc/hostname").value_or("")));
  if (!name.empty() && sethostname(name.data(), name.size()) != 0) log_error("Failed setting the host name", {{"err", strerror(errno)}});
}

/// cloud-init has new seeds: it reads them at the next boot.
void restart_for_cloud_init(const Context& ctx) {
  log_info("Seeding cloud-init");
  std::error_code error;
  std::filesystem::remove_all("/run/cloud-init", error);
  (void)sys::run(ctx, {"reboot"});
  (void)ctx.sleep(kRebootTime);
}

Result<> apply_files(const Context& ctx) {
  StringList files = TRY(apply_templates("files"));
  if (contains(files, "/etc/hostname")) set_hostname();
  if (access("/etc/cloud", F_OK) == 0 && contains(files, "/var/lib/cloud/seed/nocloud-net/meta-data")) restart_for_cloud_init(ctx);
  return {};
}

/// agent.conf of the config drive lets /dev/incus/sock be there before the daemon calls.
Result<> offer_guest_api_early(Agent& agent) {
  if (access("agent.conf", F_OK) != 0) return {};
  agent.set_host(TRY(parse_host_connection(TRY(read_file("agent.conf")))));
  return agent.guest_api->offer(agent.host().guest_api);
}

sigset_t end_signals() {
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  return ends;
}

/// `ends` are blocked in every thread.
void wait_for_end(const sigset_t& ends) {
  int number = 0;
  sigwait(&ends, &number);
}

Result<> prepare_machine(Agent& agent) {
  TRY(apply_files(Context()));
  (void)sys::load_module(Context(), "virtio_net");  // built in, or without modprobe: the next step tells
  configure_interfaces("nics");
  if (agent.options.socket.empty() && access("/dev/vsock", F_OK) != 0) (void)sys::load_module(Context(), "vmw_vsock_virtio_transport");
  TRY(load_features(agent));
  if (agent.allows("mounts")) mount_shares("agent-mounts.json");
  return {};
}

Result<> serve(Agent& agent, const sigset_t& ends) {
  agent.identity = {.certificate_pem = TRY(read_file(agent.secret_path("agent.crt"))), .key_pem = TRY(read_file(agent.secret_path("agent.key")))};
  agent.operations = core::Operations::create(agent.runtime, agent.events);
  agent.guest_api = std::make_shared<GuestApi>(agent);
  auto server = start_server(agent);
  // Without vsock the host still learns the state, through the serial port.
  if (!server && server.error().code() != Code::unsupported) return std::unexpected(std::move(server).error());
  if (!server) log_error("Failed to start HTTP server", {{"err", server.error().message()}});
  else TRY(offer_guest_api_early(agent));
  auto status = std::make_shared<StatusPort>(agent.runtime, !server);
  agent.connected = [weak = std::weak_ptr(status)] {
    if (auto port = weak.lock()) port->connected();
  };
  status->start();
  sys::notify_service_manager("READY=1");
  wait_for_end(ends);
  status->stop();
  if (server) (*server)->stop(milliseconds(100));
  agent.guest_api.reset();
  return {};
}

Result<> run_agent(const Options& options) {
  set_log_level(options.debug ? LogLevel::debug : options.verbose ? LogLevel::info : LogLevel::warning);
  core::set_location("");  // a machine is no member of anything
  const sigset_t ends = end_signals();
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);  // before there are threads
  async::Runtime runtime({.io_threads = 1, .max_workers = 64});
  Agent agent(runtime, options);
  auto prepared = prepare_machine(agent);
  auto done = prepared ? serve(agent, ends) : std::move(prepared);
  runtime.stop();
  return done;
}

int run(const Args& args) {
  for (const std::string& arg : args) {
    if (arg == "-h" || arg == "--help") return std::println("{}", kHelp), 0;
    if (arg == "--version") return std::println("{}", kCompatibleVersion), 0;
  }
  auto options = parse(args);
  auto done = options ? run_agent(*options) : Result<>(std::unexpected(options.error()));
  if (done) return 0;
  std::println(stderr, "Error: {}", done.error().message());
  return 1;
}

}  // namespace
}  // namespace agent

extern const Applet incus_agent_applet;
const Applet incus_agent_applet = {.name = "incus-agent", .flags = kPlain, .summary = "Do inside a virtual machine what the daemon asks for", .run = agent::run};
