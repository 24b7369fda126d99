#include "device/nic/uplink.h"

#include "network/attached.h"
#include "network/host.h"
#include "network/sysctl.h"
#include "sys/netlink.h"

namespace device::nic {

Uplink::Uplink(const network::Environment& env, const Host& host, const StringMap& config)
    : env_(env), project_(host.project()), instance_(host.name()), parent_(get_or(config, "parent")), vlan_(get_or(config, "vlan")),
      interface_(network::host_interface(parent_, vlan_)), gvrp_(is_true(get_or(config, "gvrp"))) {}

Result<Uplink::Origin> Uplink::prepare(sys::Netlink& netlink) const {
  if (vlan_.empty()) return Origin::existing;
  if (network::interface_exists(interface_)) return TRY(used_elsewhere()) ? Origin::reused : Origin::existing;
  TRY(network::create_vlan(netlink, parent_, interface_, static_cast<int>(parse_int(vlan_).value_or(0)), gvrp_));
  return Origin::created;
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
