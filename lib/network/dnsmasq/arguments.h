// The command line of a network's dnsmasq, derived from its config.
#pragma once
#include <optional>
#include <string>

#include "base/ip.h"
#include "base/strings.h"

namespace network::dnsmasq {

struct Setup {
  std::string interface;
  std::string folder;  ///< <var>/networks/<name>
  const StringMap& config;
  std::optional<IpNetwork> v4;  ///< the bridge's own address
  std::optional<IpNetwork> v6;
  int mtu = 1500;
  bool debug = false;
  std::string user, group;
};

/// True if the config needs a dnsmasq at all.
bool wanted(const StringMap& config);
StringList arguments(const Setup& setup);

}  // namespace network::dnsmasq
