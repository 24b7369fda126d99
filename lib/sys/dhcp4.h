// DHCP messages of IPv4 clients as bytes and values: RFC 2131 and 2132, classless routes (3442), search lists (3397), rapid commit (4039).
// No sockets here. What servers send is untrusted.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip.h"
#include "base/result.h"

namespace sys::dhcp4 {

inline constexpr uint16_t kClientPort = 68, kServerPort = 67;

enum class Type : uint8_t { discover = 1, offer = 2, request = 3, decline = 4, ack = 5, nak = 6, release = 7, inform = 8 };

struct Question {
  Type type = Type::discover;
  uint32_t transaction = 0;
  MacAddress hwaddr{};
  std::string host_name;
  IpAddress current;    ///< while renewing: the address we have
  IpAddress requested;  ///< of an offer
  IpAddress server;     ///< of an offer
};

struct StaticRoute {
  IpNetwork destination;
  IpAddress gateway;  ///< unspecified: on the link
};

struct Answer {
  Type type = Type::offer;
  IpAddress address, server;
  int prefix = 0;  ///< of the subnet; 0: not told
  std::vector<IpAddress> gateways, name_servers;
  std::vector<StaticRoute> routes;  ///< if there are any, the gateways don't count
  std::string domain;
  std::vector<std::string> search;
  uint32_t lease = 0, renew = 0, rebind = 0;  ///< seconds; 0: not told
};

/// A whole IPv4 packet with UDP from 0.0.0.0 (or `current`) to everybody.
std::string make_packet(const Question& question);
/// Reads a whole IPv4 packet. Errors: invalid: not DHCP, damaged, or not the answer to transaction and address.
Result<Answer> parse_packet(std::string_view packet, uint32_t transaction, const MacAddress& hwaddr);

}  // namespace sys::dhcp4
