// Proxies: connections to an address on one side (host or instance) are made to an address on the other, by a helper process.
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <map>
#include <mutex>

#include "async/runtime.h"
#include "base/ip.h"
#include "config/file_checks.h"
#include "device/proxy_nat.h"
#include "device/services.h"
#include "network/forward/forward.h"
#include "sys/proc.h"
#include "sys/spawn.h"

namespace device {
namespace {

Result<> address(std::string_view value) {
  auto parsed = parse_proxy_address(std::string(value));
  if (!parsed) return Failure(parsed.error());
  return {};
}

Result<> side(std::string_view value) {
  for (std::string_view known : {"host", "instance", "guest", "container"}) {
    if (value == known) return {};
  }
  return fail(Code::invalid, "Invalid binding side given. Must be \"host\" or \"instance\"");
}

constexpr config::Key kKeys[] = {
    {.name = "bind", .group = "proxy", .def = "host", .required = "no", .summary = "Side that listens: host or instance", .check = side},
    {.name = "connect", .group = "proxy", .required = "yes", .summary = "Address and port to connect to (type:address:port[-port][,port])", .check = address},
    {.name = "gid", .group = "proxy", .def = "0", .required = "no", .summary = "Group that owns the listening Unix socket", .check = config::is_unix_id},
    {.name = "listen", .group = "proxy", .required = "yes", .summary = "Address and port to listen on (type:address:port[-port][,port])", .check = address},
    {.name = "mode", .group = "proxy", .def = "0644", .required = "no", .summary = "Mode of the listening Unix socket", .check = config::is_file_mode},
    {.name = "nat", .group = "proxy", .type = config::Type::boolean, .def = "false", .required = "no", .summary = "Redirect in the kernel instead of relaying"},
    {.name = "proxy_protocol", .group = "proxy", .type = config::Type::boolean, .def = "false", .required = "no", .summary = "Tell the target who the client is (HAProxy's PROXY protocol)"},
    {.name = "security.gid", .group = "proxy", .def = "0", .required = "no", .summary = "Group to run as", .check = config::is_unix_id},
    {.name = "security.uid", .group = "proxy", .def = "0", .required = "no", .summary = "User to run as", .check = config::is_unix_id},
    {.name = "uid", .group = "proxy", .def = "0", .required = "no", .summary = "User that owns the listening Unix socket", .check = config::is_unix_id},
};

class Proxy : public Device {
 public:
  Proxy(Services& services, Host& host, std::string name, const StringMap& config) : services_(services), host_(host), name_(std::move(name)), config_(config) {}

  Result<> validate() override {
    TRY(check_keys(kKeys, config_));
    if (!host_.is_container() && !nat()) return fail(Code::invalid, "Only NAT mode is supported for proxies on VM instances");
    ProxyAddress listen = TRY(parse_proxy_address(value("listen"))), connect = TRY(parse_proxy_address(value("connect")));
    bool unix_listen = listen.protocol == "unix";
    if ((!unix_listen && connect.ports.size() > listen.ports.size()) || (unix_listen && connect.ports.size() > 1)) {
      return fail(Code::invalid, "Mismatch between listen port(s) and connect port(s) count");
    }
    if (is_true(value("proxy_protocol")) && (connect.protocol != "tcp" || nat())) {
      return fail(Code::invalid, "The PROXY header can only be sent to tcp servers in non-nat mode");
    }
    if ((!unix_listen || listen.abstract) && !(value("uid") + value("gid") + value("mode")).empty()) {
      return fail(Code::invalid, "Only proxy devices for non-abstract unix sockets can carry uid, gid, or mode properties");
    }
    TRY(check_conflicts(listen));
    return nat() ? check_nat(listen, connect) : Result<>();
  }

  Result<RunConfig> start(const Context&) override {
    RunConfig out;
    // The helper needs the instance's namespaces: only once it runs. This object may be gone by then.
    auto self = std::make_shared<Proxy>(services_, host_, name_, config_);
    out.post_start.push_back([self](const Context& ctx) -> Result<> {
      auto done = self->nat() ? start_proxy_nat(ctx, self->services_, self->host_, self->name_, self->config_) : self->launch(ctx);
      if (!done) return Failure(done.error().wrap(std::format("Failed to start device {}", quote(self->name_))));
      return {};
    });
    return out;
  }

  Result<> stop(const Context& ctx) override {
    if (nat()) TRY(stop_proxy_nat(ctx, host_, name_));
    auto text = read_file(state_file());
    if (!text) return {};
    StringList fields = split_list(trim(*text), ' ');
    pid_t pid = fields.size() == 2 ? static_cast<pid_t>(parse_int(fields[0]).value_or(0)) : 0;
    if (pid > 0 && sys::is_process(pid, parse_uint(fields[1]).value_or(0))) ::kill(pid, SIGKILL);
    // A Unix socket's file stays: it may be somebody else's by now, and the next start replaces it.
    unlink(state_file().c_str());
    return {};
  }

 private:
  std::string value(const std::string& key) const { return get_or(config_, key); }
  bool nat() const { return is_true(value("nat")); }
  bool listens_on_host() const { return value("bind").empty() || value("bind") == "host"; }
  std::string state_file() const { return host_.devices_path() + "/proxy." + path_name(name_); }

  /// An address that a network forwards already isn't ours to listen on.
  Result<> check_conflicts(const ProxyAddress& listen) const {
    auto own = IpAddress::parse(listen.address);
    if (!own || listen.protocol == "unix") return {};
    for (const std::string& taken : TRY(network::forward::listen_addresses(services_.networks.environment()))) {
      if (IpAddress::parse(taken) == own) return fail(Code::invalid, "Listen address {} conflicts with existing network forward", quote(taken));
    }
    return {};
  }

  Result<> check_nat(const ProxyAddress& listen, const ProxyAddress& connect) const {
    if (!listens_on_host()) return fail(Code::invalid, "Only host-bound proxies can use NAT");
    if (listen.protocol == "unix" || connect.protocol == "unix" || listen.protocol != connect.protocol) {
      return fail(Code::invalid, "Proxying {} <-> {} is not supported when using NAT", listen.protocol, connect.protocol);
    }
    if (listen.address.contains(':') != connect.address.contains(':')) return fail(Code::invalid, "Cannot mix IP versions between listen and connect in nat mode");
    return {};
  }

  Result<> launch(const Context& ctx) const {
    std::string log_path = std::format("{}/proxy.{}.log", host_.log_path(), name_);
    UniqueFd log(open(log_path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (!log) return fail_errno("Failed opening " + log_path);
    UniqueFd init = TRY(sys::pidfd_open(host_.init_pid()));
    sys::SpawnSpec helper = sys::self_spec("forkproxy", {listens_on_host() ? "host" : "instance", value("listen"), value("connect"), value("gid"), value("uid"),
                                                         value("mode").empty() ? "0644" : value("mode"), value("security.gid"), value("security.uid"), value("proxy_protocol")});
    helper.stdout_fd = helper.stderr_fd = log.get();
    helper.fds = {{init.get(), 3}};
    helper.new_session = true;
    sys::Child child = TRY(sys::spawn(helper));
    TRY(wait_started(ctx.with_timeout(seconds(10)), log.get()));
    mkdir(host_.devices_path().c_str(), 0711);
    TRY(write_file_atomic(state_file(), std::format("{} {}\n", child.pid(), sys::process_start_time(child.pid()).value_or(0))));
    adopt(std::move(child));
    return {};
  }

  /// Until the helper says that it listens, or why it can't.
  static Result<> wait_started(const Context& ctx, int log) {
    while (true) {
      std::array<char, 4096> buffer;
      ssize_t size = pread(log, buffer.data(), buffer.size(), 0);
      for (const std::string& line : split(std::string_view(buffer.data(), static_cast<size_t>(std::max<ssize_t>(size, 0))), '\n')) {
        if (line == "Status: Started") return {};
        if (line.starts_with("Error:")) return fail(Code::internal, "Error occurred when starting proxy device: {}", line);
      }
      // Short at first: nearly all helpers are ready within a few milliseconds.
      TRY(ctx.sleep(milliseconds(2)));
    }
  }

  /// The helper outlives this object and, on purpose, the daemon; while we live, we reap it.
  void adopt(sys::Child child) const {
    // Never destroyed: at exit the watches must not outlive the runtime.
    static auto& mutex = *new std::mutex;
    static auto& watches = *new std::map<pid_t, std::shared_ptr<async::Runtime::Watch>>;
    pid_t pid = child.pid();
    auto fd = std::make_shared<UniqueFd>(child.release());
    std::lock_guard lock(mutex);
    watches[pid] = services_.runtime.when_readable(fd->get(), [pid, fd] {
      waitpid(pid, nullptr, 0);
      std::lock_guard inner(mutex);
      watches.erase(pid);
    });
  }

  Services& services_;
  Host& host_;
  std::string name_;
  StringMap config_;
};

}  // namespace

extern const Type proxy_type = {
    .name = "proxy",
    .create = [](Services& services, Host& host, const std::string& name, const StringMap& config) -> std::unique_ptr<Device> {
      return std::make_unique<Proxy>(services, host, name, config);
    },
    .keys = [](const StringMap&) -> config::Keys { return kKeys; },
};

}  // namespace device
