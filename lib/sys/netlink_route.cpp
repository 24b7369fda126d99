// Routes.
#include <net/if.h>

#include "sys/netlink_impl.h"

namespace sys {
namespace {

constexpr nl::NumberName kProtocols[] = {{0, "unspec"}, {1, "redirect"}, {2, "kernel"}, {3, "boot"}, {4, "static"}, {9, "ra"}, {16, "dhcp"}, {186, "bgp"}};
constexpr nl::NumberName kTables[] = {{253, "default"}, {254, "main"}, {255, "local"}};
constexpr nl::NumberName kTypes[] = {{1, "unicast"},  {2, "local"},       {3, "broadcast"}, {4, "anycast"}, {5, "multicast"},
                                     {6, "blackhole"}, {7, "unreachable"}, {8, "prohibit"},  {9, "throw"}};

template <size_t N>
Result<uint32_t> number_or(const nl::NumberName (&table)[N], const std::string& name, uint32_t fallback, std::string_view what) {
  if (name.empty()) return fallback;
  auto number = nl::name_number(table, name);
  if (!number) return fail(Code::invalid, "Invalid route {} {}", what, quote(name));
  return *number;
}

Result<int> route_family(const Route& route) {
  if (route.family) return route.family;
  for (const std::string& text : {route.destination, route.gateway, route.source}) {
    if (!text.empty() && text != "default") return text.contains(':') ? AF_INET6 : AF_INET;
  }
  return AF_INET;
}

Result<> fill_header(nl::Message& message, const Route& route, bool remove) {
  auto& info = message.extra<rtmsg>();
  info.rtm_family = static_cast<uint8_t>(TRY(route_family(route)));
  info.rtm_type = static_cast<uint8_t>(TRY(number_or(kTypes, route.type, remove ? RTN_UNSPEC : RTN_UNICAST, "type")));
  info.rtm_protocol = static_cast<uint8_t>(TRY(number_or(kProtocols, route.protocol, remove ? RTPROT_UNSPEC : RTPROT_BOOT, "protocol")));
  uint32_t scope = remove ? RT_SCOPE_NOWHERE : route.gateway.empty() && info.rtm_family == AF_INET && info.rtm_type == RTN_UNICAST ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
  info.rtm_scope = static_cast<uint8_t>(TRY(number_or(nl::kScopes, route.scope, scope, "scope")));
  uint32_t table = TRY(number_or(kTables, route.table, info.rtm_type == RTN_LOCAL ? RT_TABLE_LOCAL : RT_TABLE_MAIN, "table"));
  info.rtm_table = table < 256 ? static_cast<uint8_t>(table) : static_cast<uint8_t>(RT_TABLE_UNSPEC);
  if (!route.destination.empty() && route.destination != "default") {
    nl::Prefix prefix = TRY(nl::parse_prefix(route.destination));
    info.rtm_dst_len = static_cast<uint8_t>(prefix.length);
    message.bytes(RTA_DST, prefix.bytes);
  }
  message.u32(RTA_TABLE, table);
  return {};
}

Result<> change_route(nl::Socket& socket, uint16_t request, uint16_t flags, const Route& route) {
  nl::Message message(request, flags);
  TRY(fill_header(message, route, request == RTM_DELROUTE));
  int family = 0;
  if (!route.gateway.empty()) message.bytes(RTA_GATEWAY, TRY(nl::parse_ip(route.gateway, family)));
  if (!route.source.empty()) message.bytes(RTA_PREFSRC, TRY(nl::parse_ip(route.source, family)));
  if (!route.device.empty()) message.u32(RTA_OIF, static_cast<uint32_t>(TRY(nl::index_of(route.device))));
  if (route.metric) message.u32(RTA_PRIORITY, route.metric);
  return socket.change(message, std::format("Failed {} route {} on {}", request == RTM_DELROUTE ? "removing" : "adding", quote(route.destination), quote(route.device)));
}

Route read_route(const nlmsghdr* message) {
  const auto* info = static_cast<const rtmsg*>(mnl_nlmsg_get_payload(message));
  Route route{.family = info->rtm_family, .destination = "default", .protocol = nl::number_name(kProtocols, info->rtm_protocol), .scope = nl::number_name(nl::kScopes, info->rtm_scope),
              .table = nl::number_name(kTables, info->rtm_table), .type = nl::number_name(kTypes, info->rtm_type)};
  nl::for_attributes(message, sizeof *info, [&](uint16_t type, const nlattr* attribute) {
    const void* payload = mnl_attr_get_payload(attribute);
    switch (type) {
      case RTA_DST: route.destination = std::format("{}/{}", nl::format_ip(info->rtm_family, payload), info->rtm_dst_len); break;
      case RTA_GATEWAY: route.gateway = nl::format_ip(info->rtm_family, payload); break;
      case RTA_PREFSRC: route.source = nl::format_ip(info->rtm_family, payload); break;
      case RTA_OIF: route.device = nl::name_of(static_cast<int>(mnl_attr_get_u32(attribute))); break;
      case RTA_PRIORITY: route.metric = mnl_attr_get_u32(attribute); break;
      case RTA_TABLE: route.table = nl::number_name(kTables, mnl_attr_get_u32(attribute)); break;
      default: break;
    }
  });
  return route;
}

bool field_matches(const std::string& wanted, const std::string& actual) { return wanted.empty() || wanted == actual; }

bool matches(const Route& route, const Route& match) {
  bool table = match.table.empty() ? route.table == "main" : route.table == match.table;
  return table && field_matches(match.protocol, route.protocol) && field_matches(match.scope, route.scope) && field_matches(match.destination, route.destination) &&
         field_matches(match.gateway, route.gateway) && field_matches(match.source, route.source) && field_matches(match.type, route.type);
}

}  // namespace

Result<std::vector<Route>> Netlink::routes(int family, const std::string& device) {
  nl::Message request(RTM_GETROUTE, NLM_F_DUMP);
  request.extra<rtmsg>().rtm_family = static_cast<uint8_t>(family);
  std::vector<Route> list;
  TRY(impl_->socket.query(request, "Failed listing routes", [&](const nlmsghdr* message) {
    if (message->nlmsg_type != RTM_NEWROUTE) return;
    const auto* info = static_cast<const rtmsg*>(mnl_nlmsg_get_payload(message));
    if (info->rtm_flags & RTM_F_CLONED) return;
    Route route = read_route(message);
    if (device.empty() || route.device == device) list.push_back(std::move(route));
  }));
  return list;
}

Result<> Netlink::add_route(const Route& route) { return change_route(impl_->socket, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, route); }
Result<> Netlink::replace_route(const Route& route) { return change_route(impl_->socket, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, route); }
Result<> Netlink::remove_route(const Route& route) { return change_route(impl_->socket, RTM_DELROUTE, 0, route); }

Result<> Netlink::flush_routes(const Route& match) {
  for (const Route& route : TRY(routes(TRY(route_family(match)), match.device))) {
    if (!matches(route, match)) continue;
    auto removed = remove_route(route);
    if (!removed && removed.error().code() != Code::not_found) return removed;
  }
  return {};
}

}  // namespace sys
