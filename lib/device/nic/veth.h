// The host's end of a NIC: veth pairs, routes to the instance, rate limits and packet priority. Used by the kinds that have such an end.
#pragma once
#include <string>

#include "base/context.h"
#include "base/strings.h"

namespace sys {
class Netlink;
}

namespace device::nic {

struct VethSpec {
  std::string host_name;
  std::string parent;  ///< gives MTU and queue length where the config names none
  std::string hwaddr;  ///< of the inner end
  std::string mtu;
  std::string queue_length;
  std::string master;  ///< bridge or VRF; empty: none
};
/// Makes a pair whose host end is up. Returns the name of the inner end.
Result<std::string> create_veth(sys::Netlink& netlink, const VethSpec& spec);

/// Makes a tap for a virtual machine instead: several queues, up; it stays until it is removed. The inner end's address is QEMU's business.
Result<> create_tap(sys::Netlink& netlink, const VethSpec& spec);

/// ipv4.routes, ipv6.routes and the external ones, each by way of the NIC's own address if it has a static one.
StringList routes_of(const StringMap& config);
Result<> add_routes(sys::Netlink& netlink, const std::string& device, const StringMap& config);
/// Failures are logged: what is gone is gone.
void remove_routes(sys::Netlink& netlink, const std::string& device, const StringMap& config);

/// limits.ingress, limits.egress and limits.max on the host's end; replaces what an earlier call set. Errors: unsupported where the kernel
/// lacks what a limit needs.
Result<> apply_limits(const Context& ctx, const std::string& host_name, const StringMap& config);
/// limits.priority; 0 or empty takes it away.
Result<> apply_priority(const Context& ctx, const std::string& label, const std::string& host_name, const std::string& priority);

}  // namespace device::nic
