#include "device/proxy_nat.h"

#include <sys/socket.h>

#include <map>
#include <mutex>

#include "async/runtime.h"
#include "base/ip.h"
#include "base/log.h"
#include "core/paths.h"
#include "device/services.h"
#include "network/firewall/dnat.h"
#include "sys/netlink.h"

namespace device {
namespace {

std::string label(const Host& host, const std::string& name) { return core::project_prefix(host.project(), host.name()) + "." + name; }

struct Target {
  IpAddress address;
  std::string nic;
};

/// The NIC whose static address the proxy connects to; for a wildcard the first that has one.
Result<Target> find_target(const Host& host, const ProxyAddress& connect) {
  bool six = connect.address.contains(':');
  bool wildcard = connect.address == "0.0.0.0" || connect.address == "::";
  for (const auto& [name, config] : host.expanded_devices()) {
    if (get_or(config, "type") != "nic") continue;
    std::string kind = get_or(config, "nictype");
    if (!kind.empty() && kind != "bridged" && kind != "routed") continue;
    std::string own = split(split(get_or(config, six ? "ipv6.address" : "ipv4.address"), ',')[0], '/')[0];
    auto address = IpAddress::parse(own);
    auto wanted = IpAddress::parse(connect.address);
    if (address && (wildcard || address == wanted)) return Target{*address, name};
  }
  if (wildcard) return fail(Code::invalid, "Instance has no IPv{} address assigned to be used as the connect IP", six ? 6 : 4);
  return fail(Code::invalid, "Connect IP {} must be one of the instance's static IPv{} addresses", quote(connect.address), six ? 6 : 4);
}

/// With br_netfilter, instances of one bridge reach each other's proxies only if the port may send back what came in on it.
Result<> allow_hairpin(const Host& host, const std::string& nic, bool six) {
  std::string file = std::format("/proc/sys/net/bridge/bridge-nf-call-ip{}tables", six ? "6" : "");
  auto on = read_file(file);
  if (!on || trim(*on) != "1") return {};
  std::string port = host.volatile_get(nic + ".host_name");
  if (port.empty()) return fail(Code::internal, "Proxy cannot find bridge port host_name to enable hairpin mode");
  return TRY(sys::Netlink::open()).set_port_hairpin(port, true);
}

Result<> redirect(const Context& ctx, const std::string& label, const ProxyAddress& listen, const ProxyAddress& connect, const IpAddress& target) {
  network::firewall::Redirect wanted{.listen = IpAddress::parse(listen.address).value_or(IpAddress()), .target = target, .protocol = listen.protocol,
                                     .listen_ports = listen.ports, .target_ports = connect.ports};
  network::firewall::Script script;
  network::firewall::set_redirects(script, "", label, {wanted});
  return script.apply(ctx);
}

/// Follows the address of an instance that has no static one: what the bridge's neighbour table says about its NIC.
struct Monitor : std::enable_shared_from_this<Monitor> {
  Monitor(async::Runtime& async_runtime, std::string chains) : runtime(async_runtime), label(std::move(chains)) {}
  async::Runtime& runtime;
  const std::string label;
  ProxyAddress listen, connect;
  std::string bridge, hwaddr;
  bool six = false;
  std::optional<IpAddress> current;
  std::shared_ptr<async::Runtime::Timer> timer;

  void schedule(Duration delay);
  void look();
};

/// Never destroyed: at exit the timers must not outlive the runtime.
struct Monitors {
  std::mutex mutex;  ///< also guards the monitors' timers
  std::map<std::string, std::shared_ptr<Monitor>> running;
};
Monitors& monitors() {
  static auto& all = *new Monitors;
  return all;
}

void Monitor::schedule(Duration delay) {
  std::lock_guard lock(monitors().mutex);
  auto own = monitors().running.find(label);
  if (own == monitors().running.end() || own->second.get() != this) return;  // stopped meanwhile
  std::weak_ptr<Monitor> weak = weak_from_this();
  timer = runtime.after(delay, [weak] {
    if (auto self = weak.lock()) self->look();
  });
}

void Monitor::look() {
  auto netlink = sys::Netlink::open();
  auto list = netlink ? netlink->neighbours(six ? AF_INET6 : AF_INET, bridge) : Result<std::vector<sys::Neighbour>>();
  for (const sys::Neighbour& neighbour : list ? *list : std::vector<sys::Neighbour>()) {
    auto address = IpAddress::parse(neighbour.address);
    if (neighbour.hwaddr != hwaddr || !address || address->is_link_local() || neighbour.state == "failed" || neighbour.state == "incomplete") continue;
    if (address == current) break;
    auto done = redirect(Context::detached(seconds(10)), label, listen, connect, *address);
    if (done) current = address;
    else log_warn("Failed to redirect to an instance's address", {{"address", address->text()}, {"error", done.error().message()}});
    break;
  }
  schedule(seconds(current ? 5 : 1));
}

/// The first bridged NIC without a static address of this family.
Result<> follow_address(Services& services, Host& host, const std::string& name, const ProxyAddress& listen, const ProxyAddress& connect) {
  bool six = connect.address.contains(':');
  for (const auto& [nic, config] : host.expanded_devices()) {
    std::string kind = get_or(config, "nictype");
    if (get_or(config, "type") != "nic" || (!kind.empty() && kind != "bridged")) continue;
    TRY(allow_hairpin(host, nic, six));
    auto monitor = std::make_shared<Monitor>(services.runtime, label(host, name));
    monitor->listen = listen;
    monitor->connect = connect;
    monitor->bridge = get_or(config, "network").empty() ? get_or(config, "parent") : get_or(config, "network");
    monitor->hwaddr = to_lower(get_or(config, "hwaddr").empty() ? host.volatile_get(nic + ".hwaddr") : get_or(config, "hwaddr"));
    monitor->six = six;
    {
      std::lock_guard lock(monitors().mutex);
      monitors().running[monitor->label] = monitor;
    }
    monitor->look();
    return {};
  }
  return fail(Code::invalid, "Instance has no IPv{} address assigned to be used as the connect IP", six ? 6 : 4);
}

}  // namespace

Result<> start_proxy_nat(const Context& ctx, Services& services, Host& host, const std::string& name, const StringMap& config) {
  ProxyAddress listen = TRY(parse_proxy_address(get_or(config, "listen")));
  ProxyAddress connect = TRY(parse_proxy_address(get_or(config, "connect")));
  auto target = find_target(host, connect);
  bool wildcard = connect.address == "0.0.0.0" || connect.address == "::";
  if (!target && wildcard) return follow_address(services, host, name, listen, connect);
  if (!target) return Failure(target.error());
  TRY(allow_hairpin(host, target->nic, target->address.is_v6()));
  return redirect(ctx, label(host, name), listen, connect, target->address);
}

Result<> stop_proxy_nat(const Context& ctx, Host& host, const std::string& name) {
  {
    std::lock_guard lock(monitors().mutex);
    monitors().running.erase(label(host, name));
  }
  network::firewall::Script script;
  network::firewall::set_redirects(script, "", label(host, name), {});
  return script.apply(ctx);
}

}  // namespace device
