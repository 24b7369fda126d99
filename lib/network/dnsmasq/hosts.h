// dnsmasq's host files (one per NIC: reservation and DNS name) and its lease file.
#pragma once
#include <vector>

#include "base/ip.h"
#include "network/network.h"

namespace network::dnsmasq {

std::string hosts_folder(const std::string& folder);
/// "<project>_<instance>.<device>".
std::string host_file_name(const std::string& project, const std::string& instance, const std::string& device);
/// Writes the NIC's file; removes it where there is nothing to say. `config`: the network's.
Result<> write_host(const std::string& folder, const StringMap& config, const Reservation& reservation);
/// True if there was one.
bool remove_host(const std::string& folder, const std::string& project, const std::string& instance, const std::string& device);
/// Files of exactly these NICs; others are removed, equal ones left alone.
Result<> replace_hosts(const std::string& folder, const StringMap& config, const std::vector<Reservation>& reservations);

/// What a host file reserves.
struct Host {
  std::string file;  ///< its name
  std::string hwaddr;
  std::optional<IpAddress> v4, v6;
};
std::optional<Host> read_host(const std::string& folder, const std::string& file);
std::vector<Host> read_hosts(const std::string& folder);

struct Lease {
  int64_t expires = 0;  ///< seconds since the epoch
  std::string hwaddr;   ///< empty for IPv6: DHCPv6 doesn't tell
  IpAddress address;
  std::string hostname;
  std::string client_id;
};
/// Lines that make no sense are left out.
std::vector<Lease> parse_leases(const std::string& text);
std::vector<Lease> read_leases(const std::string& folder);

}  // namespace network::dnsmasq
