// The parent network's other hosts, as routed and ipvlan NICs have to do with them.
#pragma once
#include "base/context.h"
#include "base/strings.h"

namespace device::nic {

/// Which of `addresses` answer on `interface` within 100 ms; "" if none does. Asks by ARP and neighbour solicitation, through the kernel.
/// Errors: those of netlink. Blocks.
Result<std::string> address_in_use(const Context& ctx, const std::string& interface, const StringList& addresses);
/// Packets for addresses behind `interface` only reach the instance if the kernel forwards and answers for them. Errors: invalid,
/// naming the switch; `mode` starts the text. `all`: the switches of all interfaces count too.
Result<> check_forwarding(const std::string& mode, const std::string& interface, bool v4, bool v6, bool all);
/// Sets those switches on an interface that we made.
Result<> enable_forwarding(const std::string& interface, bool v4, bool v6);

}  // namespace device::nic
