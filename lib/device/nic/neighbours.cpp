#include "device/nic/neighbours.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/ip.h"
#include "base/unique_fd.h"
#include "network/sysctl.h"
#include "sys/netlink.h"

namespace device::nic {
namespace {

constexpr milliseconds kAnswerTime{100}, kStep{10};
constexpr uint16_t kDiscard = 9;

/// A datagram nobody waits for: before the kernel can send it, it has to find the neighbour.
void poke(const std::string& interface, const IpAddress& address) {
  UniqueFd fd(socket(address.is_v4() ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  setsockopt(fd.get(), SOL_SOCKET, SO_BINDTODEVICE, interface.c_str(), static_cast<socklen_t>(interface.size()));
  sockaddr_in v4{.sin_family = AF_INET, .sin_port = htons(kDiscard)};
  sockaddr_in6 v6{.sin6_family = AF_INET6, .sin6_port = htons(kDiscard)};
  v6.sin6_scope_id = if_nametoindex(interface.c_str());
  memcpy(address.is_v4() ? static_cast<void*>(&v4.sin_addr) : &v6.sin6_addr, address.bytes(), address.size());
  // SAFETY: both structures are the socket API's own, passed with their sizes.
  const auto* where = address.is_v4() ? reinterpret_cast<sockaddr*>(&v4) : reinterpret_cast<sockaddr*>(&v6);
  // Without a route there is no neighbour either.
  (void)sendto(fd.get(), "", 0, MSG_DONTWAIT, where, address.is_v4() ? sizeof v4 : sizeof v6);
}

bool answers(const sys::Neighbour& neighbour) {
  return !neighbour.hwaddr.empty() && neighbour.state != "failed" && neighbour.state != "incomplete" && neighbour.state != "noarp";
}

std::string switch_name(bool v4, const std::string& interface, const char* what) { return std::format("net/{}/conf/{}/{}", v4 ? "ipv4" : "ipv6", interface, what); }

Result<> check_switch(const std::string& mode, bool v4, const std::string& interface, const char* what) {
  if (network::read_sysctl(switch_name(v4, interface, what)) == "1") return {};
  return fail(Code::internal, "{} requires sysctl net.{}.conf.{}.{}=1", mode, v4 ? "ipv4" : "ipv6", replace_all(interface, ".", "/"), what);
}

}  // namespace

Result<std::string> address_in_use(const Context& ctx, const std::string& interface, const StringList& addresses) {
  auto netlink = TRY(sys::Netlink::open());
  for (const std::string& text : addresses)
    if (auto address = IpAddress::parse(text)) poke(interface, *address);
  for (auto left = addresses.empty() ? milliseconds(0) : kAnswerTime; left > milliseconds(0); left -= kStep) {
    TRY(ctx.sleep(kStep));
    for (int family : {AF_INET, AF_INET6})
      for (const sys::Neighbour& neighbour : TRY(netlink.neighbours(family, interface)))
        if (answers(neighbour) && contains(addresses, neighbour.address)) return neighbour.address;
  }
  return std::string();
}

Result<> check_forwarding(const std::string& mode, const std::string& interface, bool v4, bool v6, bool all) {
  if (v6 && all) {
    TRY(check_switch(mode, false, "all", "forwarding"));
    TRY(check_switch(mode, false, "all", "proxy_ndp"));
  }
  if (v4) TRY(check_switch(mode, true, interface, "forwarding"));
  if (!v6) return {};
  TRY(check_switch(mode, false, interface, "forwarding"));
  return check_switch(mode, false, interface, "proxy_ndp");
}

Result<> enable_forwarding(const std::string& interface, bool v4, bool v6) {
  if (v4) TRY(network::write_sysctl(switch_name(true, interface, "forwarding"), "1"));
  if (!v6) return {};
  TRY(network::write_sysctl(switch_name(false, interface, "forwarding"), "1"));
  return network::write_sysctl(switch_name(false, interface, "proxy_ndp"), "1");
}

}  // namespace device::nic
