// The two address families, as the keys of NICs with addresses of their own (routed, ipvlan) name them.
#pragma once
#include <sys/socket.h>

#include <string>

namespace device::nic {

struct Family {
  const char* prefix;
  int number;
  int host_bits;         ///< prefix length of a single address
  int subnet_bits;       ///< prefix length of a subnet, where the address names none
  const char* gateway;   ///< default address of the host's end
  bool v4() const { return number == AF_INET; }
  std::string key(const char* name) const { return std::string(prefix) + "." + name; }
};
constexpr Family kFamilies[] = {{"ipv4", AF_INET, 32, 24, "169.254.0.1"}, {"ipv6", AF_INET6, 128, 64, "fe80::1"}};

}  // namespace device::nic
