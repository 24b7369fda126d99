// Proxy devices that the kernel serves (`nat=true`): the firewall redirects the listen address to the instance's own.
#pragma once
#include "device/device.h"
#include "device/proxy_address.h"

namespace device {

struct Services;

/// Needs a bridged or routed NIC with a static address; with a wildcard to connect to, the address of a bridged one is followed.
/// Errors: invalid naming the address that is missing.
Result<> start_proxy_nat(const Context& ctx, Services& services, Host& host, const std::string& name, const StringMap& config);
Result<> stop_proxy_nat(const Context& ctx, Host& host, const std::string& name);

}  // namespace device
