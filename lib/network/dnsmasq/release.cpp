#include "network/dnsmasq/release.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>
#include <filesystem>

#include "base/encode.h"
#include "base/ip.h"
#include "base/log.h"
#include "base/strings.h"
#include "base/unique_fd.h"
#include "sys/netlink.h"

namespace network::dnsmasq {
namespace {

constexpr uint16_t kServerPort4 = 67, kServerPort6 = 547;

/// A line of the lease file: expiry, MAC or IAID, address, host name, client id or DUID.
struct Line {
  std::string id, hostname, client;
  IpAddress address;
};

Result<> send_packet(const IpAddress& to, uint16_t port, const std::string& packet) {
  UniqueFd fd(socket(to.is_v4() ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd) return fail_errno("Failed to open a socket");
  sockaddr_in v4{.sin_family = AF_INET, .sin_port = htons(port)};
  sockaddr_in6 v6{.sin6_family = AF_INET6, .sin6_port = htons(port)};
  std::memcpy(to.is_v4() ? static_cast<void*>(&v4.sin_addr) : &v6.sin6_addr, to.bytes(), to.size());
  // SAFETY: both structures are the socket API's own, passed with their sizes.
  const auto* where = to.is_v4() ? reinterpret_cast<sockaddr*>(&v4) : reinterpret_cast<sockaddr*>(&v6);
  if (sendto(fd.get(), packet.data(), packet.size(), MSG_DONTWAIT, where, to.is_v4() ? sizeof v4 : sizeof v6) < 0) return fail_errno("Failed to send");
  return {};
}

std::string bytes_of(const IpAddress& address) { return {reinterpret_cast<const char*>(address.bytes()), address.size()}; }
std::string big_endian(uint32_t number, int bytes) {
  std::string out;
  for (int i = bytes - 1; i >= 0; i--) out += static_cast<char>(number >> (8 * i));
  return out;
}
std::string option6(uint16_t code, const std::string& data) { return big_endian(code, 2) + big_endian(static_cast<uint32_t>(data.size()), 2) + data; }

std::string release4(const MacAddress& mac, const IpAddress& client, const IpAddress& server) {
  std::string packet = std::string("\x01\x01\x06\x00", 4) + random_bytes(4) + std::string(4, '\0');  // BOOTREQUEST, Ethernet, xid
  packet += bytes_of(client) + std::string(12, '\0');
  packet += std::string(reinterpret_cast<const char*>(mac.data()), mac.size()) + std::string(10 + 64 + 128, '\0');
  packet += std::string("\x63\x82\x53\x63\x35\x01\x07\x36\x04", 9) + bytes_of(server) + "\xff";  // cookie, message type 7, server id, end
  return packet;
}

std::string release6(const Line& lease, const std::string& server_duid) {
  auto iaid = parse_uint(lease.id);
  auto client = hex_decode(replace_all(lease.client, ":", "")), server = hex_decode(replace_all(server_duid, ":", ""));
  if (!iaid || !client || !server) return "";
  std::string address = option6(5, bytes_of(lease.address) + std::string(8, '\0'));
  std::string association = big_endian(static_cast<uint32_t>(*iaid), 4) + std::string(8, '\0') + address;
  return "\x08" + random_bytes(3) + option6(2, *server) + option6(1, *client) + option6(3, association);
}

std::optional<IpAddress> server_address(const sys::Link& link, bool v4) {
  for (const sys::LinkAddress& item : link.addresses) {
    auto address = IpAddress::parse(item.address);
    if (address && address->is_v4() == v4 && address->is_global_unicast()) return address;
  }
  return std::nullopt;
}

}  // namespace

void release_leases(const std::string& folder, const std::string& interface, const std::string& instance, const std::string& hwaddr, Which which) {
  auto text = read_file(folder + "/dnsmasq.leases");
  auto mac = parse_mac(hwaddr);
  if (!text || !mac) return;
  auto netlink = sys::Netlink::open();
  auto link = netlink ? netlink->link(interface) : Result<sys::Link>(Failure(netlink.error()));
  if (!link) return;
  std::string server_duid;
  for (const std::string& line : split(*text, '\n')) {
    StringList fields = split_list(line, ' ');
    if (fields.size() == 2 && fields[0] == "duid") server_duid = fields[1];
    auto address = fields.size() == 5 ? IpAddress::parse(fields[2]) : std::nullopt;
    if (!address) continue;
    Line lease{fields[1], fields[3], fields[4], *address};
    bool v4 = address->is_v4();
    bool ours = v4 ? which != Which::v6 && iequals(lease.id, format_mac(*mac)) : which != Which::v4 && lease.hostname == instance;
    auto server = server_address(*link, v4);
    if (!ours || !server) continue;
    std::string packet = v4 ? release4(*mac, *address, *server) : release6(lease, server_duid);
    auto sent = packet.empty() ? Result<>(fail(Code::internal, "Malformed lease")) : send_packet(*server, v4 ? kServerPort4 : kServerPort6, packet);
    if (!sent) log_warn("Failed to release a DHCP lease", {{"instance", instance}, {"address", fields[2]}, {"error", sent.error().message()}});
  }
}

}  // namespace network::dnsmasq
