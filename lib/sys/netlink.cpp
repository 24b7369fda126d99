#include "sys/netlink.h"

#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/net_namespace.h>
#include <net/if.h>

#include <algorithm>
#include <cstring>
#include <map>

#include "base/encode.h"
#include "sys/netlink_impl.h"

namespace sys {

Netlink::Netlink(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Netlink::Netlink(Netlink&&) noexcept = default;
Netlink& Netlink::operator=(Netlink&&) noexcept = default;
Netlink::~Netlink() = default;

Result<Netlink> Netlink::open() {
  auto impl = std::make_unique<Impl>(TRY(nl::Socket::open()));
  return Netlink(std::move(impl));
}

bool Link::up() const { return flags & IFF_UP; }

namespace {

constexpr std::string_view kOperStates[] = {"unknown", "notpresent", "down", "lowerlayerdown", "testing", "dormant", "up"};
constexpr int kNoNamespace = -1;

void read_stats(const nlattr* attribute, LinkStats& stats) {
  rtnl_link_stats64 raw{};
  memcpy(&raw, mnl_attr_get_payload(attribute), std::min<size_t>(sizeof raw, mnl_attr_get_payload_len(attribute)));
  stats = {raw.rx_bytes, raw.rx_packets, raw.rx_errors, raw.rx_dropped, raw.tx_bytes, raw.tx_packets, raw.tx_errors, raw.tx_dropped};
}

void read_kind(const nlattr* attribute, Link& link) {
  const nlattr* data = nullptr;
  nl::for_nested(attribute, [&](uint16_t type, const nlattr* inner) {
    if (type == IFLA_INFO_KIND) link.kind = mnl_attr_get_str(inner);
    if (type == IFLA_INFO_DATA) data = inner;
  });
  if (link.kind != "vlan" || !data) return;
  nl::for_nested(data, [&](uint16_t type, const nlattr* inner) {
    if (type == IFLA_VLAN_ID) link.vlan_id = mnl_attr_get_u16(inner);
  });
}

void read_attribute(uint16_t type, const nlattr* attribute, Link& link) {
  switch (type) {
    case IFLA_IFNAME: link.name = mnl_attr_get_str(attribute); break;
    case IFLA_ADDRESS: link.hwaddr = nl::format_mac({static_cast<const char*>(mnl_attr_get_payload(attribute)), mnl_attr_get_payload_len(attribute)}); break;
    case IFLA_MTU: link.mtu = mnl_attr_get_u32(attribute); break;
    case IFLA_TXQLEN: link.tx_queue = mnl_attr_get_u32(attribute); break;
    case IFLA_LINK: link.parent_index = static_cast<int>(mnl_attr_get_u32(attribute)); break;
    case IFLA_LINK_NETNSID: link.link_netnsid = static_cast<int>(mnl_attr_get_u32(attribute)); break;
    case IFLA_MASTER: link.master_index = static_cast<int>(mnl_attr_get_u32(attribute)); break;
    case IFLA_OPERSTATE: link.operstate = kOperStates[std::min<size_t>(mnl_attr_get_u8(attribute), std::size(kOperStates) - 1)]; break;
    case IFLA_STATS64: read_stats(attribute, link.stats); break;
    case IFLA_LINKINFO: read_kind(attribute, link); break;
    default: break;
  }
}

Link read_link(const nlmsghdr* message) {
  const auto* info = static_cast<const ifinfomsg*>(mnl_nlmsg_get_payload(message));
  Link link;
  link.index = info->ifi_index;
  link.flags = info->ifi_flags;
  link.type = info->ifi_type;
  nl::for_attributes(message, sizeof *info, [&](uint16_t type, const nlattr* attribute) { read_attribute(type, attribute, link); });
  return link;
}

Result<std::vector<Link>> dump_links(nl::Socket& socket, int netnsid) {
  nl::Message request(RTM_GETLINK, NLM_F_DUMP);
  request.extra<ifinfomsg>().ifi_family = AF_UNSPEC;
  if (netnsid != kNoNamespace) request.u32(IFLA_TARGET_NETNSID, static_cast<uint32_t>(netnsid));
  std::vector<Link> links;
  TRY(socket.query(request, "Failed listing network interfaces", [&](const nlmsghdr* message) {
    if (message->nlmsg_type == RTM_NEWLINK) links.push_back(read_link(message));
  }));
  return links;
}

void add_address(const nlmsghdr* message, const std::map<int, Link*>& by_index) {
  const auto* info = static_cast<const ifaddrmsg*>(mnl_nlmsg_get_payload(message));
  auto owner = by_index.find(static_cast<int>(info->ifa_index));
  if (owner == by_index.end()) return;
  LinkAddress result{.family = info->ifa_family, .prefix = info->ifa_prefixlen, .scope = nl::number_name(nl::kScopes, info->ifa_scope)};
  nl::for_attributes(message, sizeof *info, [&](uint16_t type, const nlattr* attribute) {
    if (type == IFA_ADDRESS) result.address = nl::format_ip(info->ifa_family, mnl_attr_get_payload(attribute));
    if (type == IFA_LOCAL) result.local = nl::format_ip(info->ifa_family, mnl_attr_get_payload(attribute));
  });
  if (result.local.empty()) result.local = result.address;
  owner->second->addresses.push_back(std::move(result));
}

Result<> dump_addresses(nl::Socket& socket, int netnsid, std::vector<Link>& links) {
  std::map<int, Link*> by_index;
  for (Link& link : links) by_index[link.index] = &link;
  nl::Message request(RTM_GETADDR, NLM_F_DUMP);
  request.extra<ifaddrmsg>().ifa_family = AF_UNSPEC;
  if (netnsid != kNoNamespace) request.u32(IFA_TARGET_NETNSID, static_cast<uint32_t>(netnsid));
  return socket.query(request, "Failed listing network addresses", [&](const nlmsghdr* message) {
    if (message->nlmsg_type == RTM_NEWADDR) add_address(message, by_index);
  });
}

/// Names of parents, where they are in the same namespace.
void fill_parents(std::vector<Link>& links) {
  for (Link& link : links) {
    if (link.parent_index == 0 || link.link_netnsid >= 0) continue;
    auto parent = std::ranges::find(links, link.parent_index, &Link::index);
    if (parent != links.end()) link.parent = parent->name;
  }
}

Result<std::vector<Link>> read_all(nl::Socket& socket, int netnsid) {
  std::vector<Link> links = TRY(dump_links(socket, netnsid));
  TRY(dump_addresses(socket, netnsid, links));
  fill_parents(links);
  return links;
}

/// The id our namespace knows another one by; -1 if none was given yet.
Result<int> netns_id(nl::Socket& socket, int namespace_fd) {
  nl::Message request(RTM_GETNSID, 0);
  request.extra<rtgenmsg>().rtgen_family = AF_UNSPEC;
  request.u32(NETNSA_FD, static_cast<uint32_t>(namespace_fd));
  int id = kNoNamespace;
  TRY(socket.query(request, "Failed reading a network namespace's id", [&](const nlmsghdr* message) {
    nl::for_attributes(message, sizeof(rtgenmsg), [&](uint16_t type, const nlattr* attribute) {
      if (type == NETNSA_NSID) id = static_cast<int>(mnl_attr_get_u32(attribute));
    });
  }));
  return id;
}

Result<int> ensure_netns_id(nl::Socket& socket, int namespace_fd) {
  int id = TRY(netns_id(socket, namespace_fd));
  if (id != kNoNamespace) return id;
  nl::Message request(RTM_NEWNSID, 0);
  request.extra<rtgenmsg>().rtgen_family = AF_UNSPEC;
  request.u32(NETNSA_FD, static_cast<uint32_t>(namespace_fd));
  request.u32(NETNSA_NSID, static_cast<uint32_t>(kNoNamespace));
  auto made = socket.change(request, "Failed giving a network namespace an id");
  if (!made && made.error().code() != Code::conflict) return Failure(made.error());
  return netns_id(socket, namespace_fd);
}

}  // namespace

Result<std::vector<Link>> Netlink::links() { return read_all(impl_->socket, kNoNamespace); }

Result<Link> Netlink::link(const std::string& name) {
  std::vector<Link> all = TRY(links());
  auto found = std::ranges::find(all, name, &Link::name);
  if (found == all.end()) return fail(Code::not_found, "Network interface {} not found", quote(name));
  return std::move(*found);
}

Result<std::vector<Link>> Netlink::links_of(pid_t pid) {
  UniqueFd theirs(::open(std::format("/proc/{}/ns/net", pid).c_str(), O_RDONLY | O_CLOEXEC));
  if (!theirs) return fail_errno(std::format("Failed opening the network namespace of process {}", pid));
  char ours_name[64] = "", theirs_name[64] = "";
  (void)!readlink("/proc/self/ns/net", ours_name, sizeof ours_name - 1);
  (void)!readlink(std::format("/proc/{}/ns/net", pid).c_str(), theirs_name, sizeof theirs_name - 1);
  if (strcmp(ours_name, theirs_name) == 0) return links();
  int id = TRY(ensure_netns_id(impl_->socket, theirs.get()));
  return read_all(impl_->socket, id);
}

bool link_exists(const std::string& name) { return if_nametoindex(name.c_str()) != 0; }

std::string random_hwaddr(const std::string& prefix) {
  std::string bytes = random_bytes(6 - (prefix.size() + 1) / 3);
  return prefix + (prefix.empty() ? "" : ":") + nl::format_mac(bytes);
}

}  // namespace sys
