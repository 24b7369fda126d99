#include "device/proxy_nat.h"

#include <unistd.h>

#include "base/ip.h"
#include "core/paths.h"
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
Result<> allow_hairpin(const Host& host, const Target& target) {
  std::string file = std::format("/proc/sys/net/bridge/bridge-nf-call-ip{}tables", target.address.is_v6() ? "6" : "");
  auto on = read_file(file);
  if (!on || trim(*on) != "1") return {};
  std::string port = host.volatile_get(target.nic + ".host_name");
  if (port.empty()) return fail(Code::internal, "Proxy cannot find bridge port host_name to enable hairpin mode");
  return TRY(sys::Netlink::open()).set_port_hairpin(port, true);
}

}  // namespace

Result<> start_proxy_nat(const Context& ctx, Host& host, const std::string& name, const StringMap& config) {
  ProxyAddress listen = TRY(parse_proxy_address(get_or(config, "listen")));
  ProxyAddress connect = TRY(parse_proxy_address(get_or(config, "connect")));
  Target target = TRY(find_target(host, connect));
  TRY(allow_hairpin(host, target));
  network::firewall::Redirect redirect{.listen = IpAddress::parse(listen.address).value_or(IpAddress()), .target = target.address, .protocol = listen.protocol,
                                       .listen_ports = listen.ports, .target_ports = connect.ports};
  network::firewall::Script script;
  network::firewall::set_redirects(script, "", label(host, name), {redirect});
  return script.apply(ctx);
}

Result<> stop_proxy_nat(const Context& ctx, Host& host, const std::string& name) {
  network::firewall::Script script;
  network::firewall::set_redirects(script, "", label(host, name), {});
  return script.apply(ctx);
}

}  // namespace device
