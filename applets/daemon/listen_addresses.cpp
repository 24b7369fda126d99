#include "applets/daemon/listen_addresses.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

#include "applets/daemon/server_config.h"

namespace incusd {
namespace {

/// "" for addresses nobody else could use: loopback and link-local ones.
std::string usable_address(const sockaddr* address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address->sa_family == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(address);
    uint32_t value = ntohl(v4->sin_addr.s_addr);
    if (value >> 24 == 127 || value >> 16 == 0xa9fe) return "";
    return inet_ntop(AF_INET, &v4->sin_addr, text, sizeof text);
  }
  if (address->sa_family != AF_INET6) return "";
  const auto* v6 = reinterpret_cast<const sockaddr_in6*>(address);
  if (IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr) || IN6_IS_ADDR_LINKLOCAL(&v6->sin6_addr)) return "";
  return std::string("[") + inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof text) + "]";
}

}  // namespace

StringList listen_addresses(const std::string& https_address) {
  if (https_address.empty()) return {};
  std::string full = canonical_listen_address(https_address, kHttpsPort);
  size_t colon = full.rfind(':');
  std::string host = full.substr(0, colon), port = full.substr(colon);
  bool only_v4 = host == "0.0.0.0";
  if (host != "[::]" && !only_v4) return {full};
  StringList list;
  ifaddrs* all = nullptr;
  if (getifaddrs(&all) != 0) return {full};
  for (ifaddrs* entry = all; entry; entry = entry->ifa_next) {
    if (!entry->ifa_addr || (only_v4 && entry->ifa_addr->sa_family != AF_INET)) continue;
    std::string address = usable_address(entry->ifa_addr);
    if (!address.empty()) list.push_back(address + port);
  }
  freeifaddrs(all);
  return list;
}

}  // namespace incusd
