// Addresses and neighbours.
#include <linux/neighbour.h>
#include <net/if.h>

#include "sys/netlink_impl.h"

namespace sys {
namespace {

constexpr nl::NumberName kStates[] = {{NUD_INCOMPLETE, "incomplete"}, {NUD_REACHABLE, "reachable"}, {NUD_STALE, "stale"}, {NUD_DELAY, "delay"},
                                      {NUD_PROBE, "probe"},           {NUD_FAILED, "failed"},       {NUD_NOARP, "noarp"}, {NUD_PERMANENT, "permanent"},
                                      {NUD_NONE, "none"}};

Result<> change_address(nl::Socket& socket, uint16_t request, const std::string& name, const std::string& address) {
  nl::Prefix prefix = TRY(nl::parse_prefix(address));
  bool add = request == RTM_NEWADDR;
  nl::Message message(request, add ? NLM_F_CREATE | NLM_F_EXCL : 0);
  auto& info = message.extra<ifaddrmsg>();
  info.ifa_family = static_cast<uint8_t>(prefix.family);
  info.ifa_prefixlen = static_cast<uint8_t>(prefix.length);
  info.ifa_index = static_cast<uint32_t>(TRY(nl::index_of(name)));
  message.bytes(IFA_LOCAL, prefix.bytes);
  message.bytes(IFA_ADDRESS, prefix.bytes);
  if (add && prefix.family == AF_INET && prefix.length < 31) {
    std::string broadcast = prefix.bytes;
    for (int bit = prefix.length; bit < 32; ++bit) broadcast[static_cast<size_t>(bit / 8)] |= static_cast<char>(0x80 >> (bit % 8));
    message.bytes(IFA_BROADCAST, broadcast);
  }
  return socket.change(message, std::format("Failed {} address {} {} interface {}", add ? "adding" : "removing", quote(address), add ? "to" : "from", quote(name)));
}

struct NeighbourRequest {
  uint16_t request;
  uint16_t flags;
  uint8_t neighbour_flags;
  std::string hwaddr;
};

Result<> change_neighbour(nl::Socket& socket, const NeighbourRequest& wanted, const std::string& name, const std::string& address) {
  int family = 0;
  std::string bytes = TRY(nl::parse_ip(address, family));
  nl::Message message(wanted.request, wanted.flags);
  auto& info = message.extra<ndmsg>();
  info.ndm_family = static_cast<uint8_t>(family);
  info.ndm_ifindex = TRY(nl::index_of(name));
  info.ndm_state = NUD_PERMANENT;
  info.ndm_flags = wanted.neighbour_flags;
  message.bytes(NDA_DST, bytes);
  if (!wanted.hwaddr.empty()) message.bytes(NDA_LLADDR, TRY(nl::parse_mac(wanted.hwaddr)));
  return socket.change(message, std::format("Failed changing neighbour {} of interface {}", quote(address), quote(name)));
}

}  // namespace

Result<> Netlink::add_address(const std::string& name, const std::string& address) { return change_address(impl_->socket, RTM_NEWADDR, name, address); }
Result<> Netlink::remove_address(const std::string& name, const std::string& address) { return change_address(impl_->socket, RTM_DELADDR, name, address); }

Result<> Netlink::flush_addresses(const std::string& name, int family, const std::string& scope) {
  Link found = TRY(link(name));
  for (const LinkAddress& address : found.addresses) {
    if (address.family != family || (!scope.empty() && address.scope != scope)) continue;
    auto removed = remove_address(name, std::format("{}/{}", address.local, address.prefix));
    // Removing a primary address may take its secondaries with it.
    if (!removed && removed.error().code() != Code::not_found) return removed;
  }
  return {};
}

Result<> Netlink::add_proxy_neighbour(const std::string& name, const std::string& address) {
  return change_neighbour(impl_->socket, {RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, NTF_PROXY, ""}, name, address);
}

Result<> Netlink::remove_proxy_neighbour(const std::string& name, const std::string& address) {
  return change_neighbour(impl_->socket, {RTM_DELNEIGH, 0, NTF_PROXY, ""}, name, address);
}

Result<> Netlink::add_neighbour(const std::string& name, const std::string& address, const std::string& hwaddr) {
  return change_neighbour(impl_->socket, {RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, 0, hwaddr}, name, address);
}

Result<std::vector<Neighbour>> Netlink::neighbours(int family, const std::string& device, bool proxy) {
  nl::Message request(RTM_GETNEIGH, NLM_F_DUMP);
  auto& wanted = request.extra<ndmsg>();
  wanted.ndm_family = static_cast<uint8_t>(family);
  if (proxy) wanted.ndm_flags = NTF_PROXY;
  int index = device.empty() ? 0 : TRY(nl::index_of(device));
  std::vector<Neighbour> list;
  TRY(impl_->socket.query(request, "Failed listing neighbours", [&](const nlmsghdr* message) {
    if (message->nlmsg_type != RTM_NEWNEIGH) return;
    const auto* info = static_cast<const ndmsg*>(mnl_nlmsg_get_payload(message));
    if (index && info->ndm_ifindex != index) return;
    Neighbour neighbour{.device = nl::name_of(info->ndm_ifindex), .state = nl::number_name(kStates, info->ndm_state), .proxy = (info->ndm_flags & NTF_PROXY) != 0};
    nl::for_attributes(message, sizeof *info, [&](uint16_t type, const nlattr* attribute) {
      const void* payload = mnl_attr_get_payload(attribute);
      if (type == NDA_DST) neighbour.address = nl::format_ip(info->ndm_family, payload);
      if (type == NDA_LLADDR) neighbour.hwaddr = nl::format_mac({static_cast<const char*>(payload), mnl_attr_get_payload_len(attribute)});
    });
    list.push_back(std::move(neighbour));
  }));
  return list;
}

}  // namespace sys
