#include "device/proxy_address.h"

#include "base/ip.h"
#include "base/strings.h"
#include "network/firewall/dnat.h"

namespace device {

Result<ProxyAddress> parse_proxy_address(const std::string& text) {
  StringList parts = split(text, ':', 2);
  ProxyAddress out{.protocol = parts[0]};
  if (out.protocol != "tcp" && out.protocol != "udp" && out.protocol != "unix") return fail(Code::invalid, "Unknown protocol type {}", quote(out.protocol));
  if (parts.size() < 2 || parts[1].empty()) return fail(Code::invalid, "Missing address");
  if (out.protocol == "unix") {
    out.address = parts[1];
    out.abstract = out.address.starts_with('@');
    return out;
  }
  const std::string& rest = parts[1];
  size_t colon = rest.rfind(':');
  bool bracketed = rest.starts_with('[');
  if (colon == std::string::npos || (bracketed && (colon == 0 || rest[colon - 1] != ']'))) return fail(Code::invalid, "address {}: missing port in address", rest);
  out.address = bracketed ? rest.substr(1, colon - 2) : rest.substr(0, colon);
  if (!bracketed && out.address.contains(':')) return fail(Code::invalid, "address {}: too many colons in address", rest);
  if (!out.address.empty() && !IpAddress::parse(out.address)) return fail(Code::invalid, "Not an IP address {}", quote(out.address));
  out.ports = TRY(network::firewall::parse_ports(rest.substr(colon + 1)));
  if (out.ports.empty()) return fail(Code::invalid, "At least one port is required");
  return out;
}

}  // namespace device
