// The addresses of proxy devices: `tcp:1.2.3.4:80-82,90`, `udp:[::1]:53`, `unix:/path`, `unix:@name`.
#pragma once
#include <string>
#include <vector>

#include "base/result.h"

namespace device {

struct ProxyAddress {
  std::string protocol;  ///< "tcp", "udp", "unix"
  std::string address;   ///< IP address without brackets; path; "@name"
  bool abstract = false;
  std::vector<int64_t> ports;  ///< empty for unix
};

/// Errors: invalid. Host names are refused: they would be looked up in the instance.
Result<ProxyAddress> parse_proxy_address(const std::string& text);

}  // namespace device
