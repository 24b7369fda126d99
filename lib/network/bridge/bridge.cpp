// The order of the steps that make and unmake a bridge network.
#include "network/bridge/bridge.h"

#include <sys/stat.h>

#include <filesystem>

#include "base/log.h"
#include "base/reverter.h"
#include "core/paths.h"
#include "network/bridge/keys.h"
#include "network/dnsmasq/process.h"
#include "network/sysctl.h"
#include "network/types.h"
#include "sys/netlink.h"

namespace network {

extern const Type bridge_type = {
    .name = "bridge",
    .code = db::NetworkType::bridge,
    .forwards = true,
    .leases = true,
    .keys = bridge::kBridgeKeys,
    .check_name = check_interface_name,
    .fill = bridge::fill,
    .refresh = bridge::refresh,
    .check = bridge::check,
    .make = [](const Environment& env, Record record) -> std::shared_ptr<Network> {
      return std::make_shared<bridge::Bridge>(env, std::move(record));
    },
};

}  // namespace network

namespace network::bridge {

std::string Bridge::value(const std::string& key, std::string_view fallback) const {
  std::string text = get_or(config(), key);
  return text.empty() ? std::string(fallback) : text;
}

bool Bridge::on_by_default(const std::string& key) const {
  std::string text = value(key);
  return text.empty() || is_true(text);
}

bool Bridge::has_family(int family) const {
  std::string address = value(family == 4 ? "ipv4.address" : "ipv6.address");
  return !address.empty() && address != "none";
}

std::string Bridge::folder() const { return env_.paths.in_var("networks/" + name()); }
std::string Bridge::log_file() const { return std::format("{}/dnsmasq.{}.log", env_.paths.log, name()); }

int Bridge::mtu() const {
  if (auto set = parse_int(value("bridge.mtu"))) return static_cast<int>(*set);
  for (const auto& [key, unused] : config())
    if (key.starts_with("tunnel.")) return 1400;  // room for the tunnel's headers
  return kDefaultMtu;
}

Result<> Bridge::create(const Context&) {
  if (interface_exists(name())) return fail(Code::internal, "Network interface {} already exists", quote(name()));
  return {};
}

Result<> Bridge::start(const Context& ctx) {
  std::error_code error;
  std::filesystem::create_directories(folder(), error);
  if (error) return fail(Code::internal, "Failed to create {}: {}", folder(), error.message());
  ::chmod(folder().c_str(), 0711);

  bool existed = interface_exists(name());
  Reverter undo;
  auto netlink = TRY(sys::Netlink::open());
  if (!existed) undo.add("delete bridge", [this](const Context& fresh) { return stop(fresh); });
  TRY(apply_link(netlink));
  TRY(apply_ports(netlink));
  TRY(apply_addresses(netlink));
  TRY(apply_tunnels(netlink));
  TRY(apply_firewall(ctx));
  TRY(apply_dnsmasq(ctx));
  undo.commit();
  return {};
}

Result<> Bridge::reconfigure(const Context& ctx, const StringMap& old) {
  if (get_or(old, "bridge.external_interfaces") != value("bridge.external_interfaces") && interface_exists(name())) {
    auto netlink = TRY(sys::Netlink::open());
    TRY(detach_external(netlink, old));
  }
  return start(ctx);
}

Result<> Bridge::stop(const Context& ctx) {
  if (interface_exists(name())) {
    auto netlink = TRY(sys::Netlink::open());
    TRY(remove_children(netlink));
    TRY(netlink.remove(name()));
  }
  if (firewall::available()) {
    firewall::Script script;
    firewall::drop_network(script, name());
    TRY_CTX(script.apply(ctx), "Failed deleting firewall");
  }
  return dnsmasq::Process(folder(), log_file()).stop(ctx);
}

Result<> Bridge::remove(const Context& ctx) {
  TRY(stop(ctx));
  auto netlink = TRY(sys::Netlink::open());
  // VLAN interfaces that we made for "name/parent/vlan" entries.
  for (const std::string& entry : split_list(value("bridge.external_interfaces"))) {
    StringList parts = split(entry, '/');
    std::string interface(trim(parts[0]));
    if (parts.size() == 3 && interface_exists(interface)) TRY(netlink.remove(interface));
  }
  std::error_code error;
  std::filesystem::remove_all(folder(), error);
  if (error) log_warn("Failed to remove a network's folder", {{"folder", folder()}, {"error", error.message()}});
  ::unlink(log_file().c_str());
  return {};
}

}  // namespace network::bridge
