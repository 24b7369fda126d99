#include "device/nic/uplink.h"

#include <algorithm>
#include <filesystem>

#include "network/attached.h"
#include "network/host.h"
#include "network/sysctl.h"
#include "sys/netlink.h"

namespace device::nic {

Uplink::Uplink(const network::Environment& env, const Host& host, const StringMap& config)
    : env_(env), project_(host.project()), instance_(host.name()), parent_(get_or(config, "parent")), vlan_(get_or(config, "vlan")),
      interface_(network::host_interface(parent_, vlan_)), gvrp_(is_true(get_or(config, "gvrp"))) {}

Result<Uplink::Origin> Uplink::prepare(sys::Netlink& netlink, Reverter& undo) const {
  if (vlan_.empty()) return Origin::existing;
  bool exists = network::interface_exists(interface_);
  if (exists && !TRY(used_elsewhere())) return Origin::existing;
  if (!exists) TRY(network::create_vlan(netlink, parent_, interface_, static_cast<int>(parse_int(vlan_).value_or(0)), gvrp_));
  undo.add("remove VLAN interface", [uplink = *this](const Context&) -> Result<> {
    auto fresh = TRY(sys::Netlink::open());
    return uplink.release(fresh);
  });
  return exists ? Origin::reused : Origin::created;
}

Result<> Uplink::release(sys::Netlink& netlink) const {
  if (TRY(used_elsewhere()) || !network::interface_exists(interface_)) return {};
  return netlink.remove(interface_);
}

Result<bool> Uplink::used_elsewhere() const {
  for (const network::AttachedNic& nic : TRY(network::all_nics(env_))) {
    if (nic.project == project_ && nic.instance == instance_) continue;
    if (get_or(nic.config, "parent") != parent_ || get_or(nic.config, "vlan") != vlan_) continue;
    if (is_true(get_or(nic.volatiles, "last_state.created"))) return true;
  }
  return false;
}

bool has_global_address(const sys::Link& link) {
  return std::ranges::any_of(link.addresses, [](const sys::LinkAddress& address) { return address.scope == "global"; });
}

Result<> check_free(const sys::Link& link) {
  if (link.master_index) {
    std::error_code error;
    std::string master = std::filesystem::read_symlink("/sys/class/net/" + link.name + "/master", error).filename();
    return fail(Code::internal, "Interface {} is in use by the host (member of {})", quote(link.name), quote(master));
  }
  if (has_global_address(link)) return fail(Code::internal, "Interface {} is in use by the host (has assigned IP addresses)", quote(link.name));
  return {};
}

Result<> UplinkNic::inherit(std::string_view type, const StringList& keys) {
  if (value("network").empty() || inherited_) return {};
  StringList banned = keys;
  banned.push_back("nictype");
  auto network = TRY(load_network(banned));
  if (network->type() != type) return fail(Code::invalid, "Specified network must be of type {}", type);
  for (const std::string& key : keys)
    if (std::string text = get_or(network->config(), key); !text.empty()) config_[key] = text;
  inherited_ = true;
  return {};
}

Result<> UplinkNic::check_ready() const {
  if (host_.is_container() && value("name").empty()) return fail(Code::invalid, "Requires name property to start");
  if (!network::interface_exists(value("parent"))) return fail(Code::internal, "Parent device '{}' doesn't exist", value("parent"));
  return {};
}

Result<> UplinkNic::release_own(sys::Netlink& netlink) const {
  if (!is_true(saved("last_state.created"))) return {};
  std::lock_guard guard(uplink_lock());
  return Uplink(env(), host_, config_).release(netlink);
}

Result<> UplinkNic::give_back(sys::Netlink& netlink, const std::string& host_name) const {
  // Some drivers change these only while the interface is down.
  TRY_CTX(netlink.set_up(host_name, false), "Failed to bring down {}", quote(host_name));
  if (auto mtu = parse_uint(saved("last_state.mtu"))) TRY(netlink.set_mtu(host_name, static_cast<uint32_t>(*mtu)));
  if (!saved("last_state.hwaddr").empty()) TRY(netlink.set_hwaddr(host_name, saved("last_state.hwaddr")));
  return {};
}

Result<> UplinkNic::forget() { return save({{"host_name", ""}, {"last_state.hwaddr", ""}, {"last_state.mtu", ""}, {"last_state.created", ""}}); }

bool await_return(const Context& ctx, const std::string& name) {
  constexpr milliseconds kStep{5}, kLimit{1000};
  for (milliseconds waited{0}; waited < kLimit; waited += kStep) {
    if (network::interface_exists(name)) return true;
    if (!ctx.sleep(kStep)) return false;
  }
  return false;
}

std::mutex& uplink_lock() {
  static std::mutex mutex;
  return mutex;
}

}  // namespace device::nic
