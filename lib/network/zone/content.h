// What a zone holds: records of networks' leases, the user's own, and the zone's authority.
#pragma once
#include "network/zone/zone.h"

namespace network::zone {

struct DnsRecord {
  std::string name;  ///< fully qualified, without the last dot
  uint32_t ttl = 300;
  std::string type;  ///< "A", "MX", …
  std::string value; ///< as in a zone file
};

/// The authority record; its serial is the time, since leases change without notice.
DnsRecord authority(const Zone& zone);
/// All records, authority first and last, as a transfer sends them. `networks`: to ask for leases.
Result<std::vector<DnsRecord>> content(Networks& networks, const Zone& zone);

}  // namespace network::zone
