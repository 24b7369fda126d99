// Address and interface checks; the messages complete "Invalid value for …: ".
#include "config/net_checks.h"

#include <algorithm>

#include "base/ip.h"
#include "base/strings.h"

namespace config {
namespace {

enum class Family { any, v4, v6 };

bool in_family(const IpAddress& address, Family family) { return family == Family::any || address.is_v4() == (family == Family::v4); }

std::string_view family_name(Family family) { return family == Family::v4 ? "IPv4" : family == Family::v6 ? "IPv6" : "IP"; }

Failure invalid_cidr(std::string_view value) { return fail(Code::invalid, "invalid CIDR address: {}", value); }

Result<> check_address(std::string_view value, Family family) {
  auto address = IpAddress::parse(value);
  if (!address || !in_family(*address, family)) return fail(Code::invalid, "Not an {} address {}", family_name(family), quote(value));
  return {};
}

Result<> check_network(std::string_view value, Family family) {
  auto net = IpNetwork::parse(value);
  if (!net) return invalid_cidr(value);
  if (!in_family(net->address, family)) return fail(Code::invalid, "Not an {} network {}", family_name(family), quote(value));
  if (net->address != net->first()) return fail(Code::invalid, "Not an {} network address {}", family_name(family), quote(value));
  return {};
}

Result<> check_host(std::string_view value, Family family) {
  auto net = IpNetwork::parse(value);
  if (!net) return invalid_cidr(value);
  if (family == Family::any) return {};
  if (!in_family(net->address, family)) return fail(Code::invalid, "Not an {} address {}", family_name(family), quote(value));
  if (net->address == net->first()) return fail(Code::invalid, "Not a usable {} address {}", family_name(family), quote(value));
  return {};
}

Result<> check_range(std::string_view value, Family family) {
  StringList ends = split(value, '-', 2);
  if (ends.size() != 2) return fail(Code::invalid, "IP range must contain start and end IP addresses");
  TRY(check_address(ends[0], family));
  TRY(check_address(ends[1], family));
  auto first = *IpAddress::parse(ends[0]), last = *IpAddress::parse(ends[1]);
  if (first.is_v4() != last.is_v4()) return fail(Code::invalid, "Start and end IP addresses are not in same family");
  if (family == Family::any && last < first) return fail(Code::invalid, "Start IP address must be before or equal to end IP address");
  return {};
}

bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

}  // namespace

Result<> is_interface_name(std::string_view value) {
  if (value.size() < 2) return fail(Code::invalid, "Network interface is too short (minimum 2 characters)");
  if (value.size() > 15) return fail(Code::invalid, "Network interface is too long (maximum 15 characters)");
  bool good = std::all_of(value.begin(), value.end(), [](unsigned char c) { return isalnum(c) || c == '-' || c == '_' || c == '.'; });
  if (!good || value == "..") return fail(Code::invalid, "Network interface contains invalid characters");
  return {};
}

Result<> is_mac(std::string_view value) {
  if (value.find('-') != value.npos || !parse_mac(value))
    return fail(Code::invalid, "Invalid MAC address, must be 6 bytes of hex separated by colons");
  return {};
}

Result<> is_mac_pattern(std::string_view value) {
  bool good = value.size() == 17;
  for (size_t i = 0; good && i < value.size(); i++) good = i % 3 == 2 ? value[i] == ':' : is_hex(value[i]) || (value[i] | 0x20) == 'x';
  if (!good) return fail(Code::invalid, "Invalid MAC address pattern, must be 6 bytes (hex characters or `x` to denote a wildcard) separated by colons");
  return {};
}

Result<> is_address(std::string_view value) { return check_address(value, Family::any); }
Result<> is_address_v4(std::string_view value) { return check_address(value, Family::v4); }
Result<> is_address_v6(std::string_view value) { return check_address(value, Family::v6); }
Result<> is_network(std::string_view value) { return check_network(value, Family::any); }
Result<> is_network_v4(std::string_view value) { return check_network(value, Family::v4); }
Result<> is_network_v6(std::string_view value) { return check_network(value, Family::v6); }
Result<> is_host_in_network(std::string_view value) { return check_host(value, Family::any); }
Result<> is_host_in_network_v4(std::string_view value) { return check_host(value, Family::v4); }
Result<> is_host_in_network_v6(std::string_view value) { return check_host(value, Family::v6); }
Result<> is_range(std::string_view value) { return check_range(value, Family::any); }
Result<> is_range_v4(std::string_view value) { return check_range(value, Family::v4); }
Result<> is_range_v6(std::string_view value) { return check_range(value, Family::v6); }

Result<> is_vlan(std::string_view value) {
  auto id = parse_int(value);
  if (!id) return fail(Code::invalid, "Invalid VLAN ID {}", quote(value));
  if (*id < 0 || *id > 4094) return fail(Code::invalid, "Out of VLAN ID range (0-4094) {}", quote(value));
  return {};
}

Result<> is_vlan_or_none(std::string_view value) { return value == "none" ? Result<>() : is_vlan(value); }

Result<> is_vlan_list(std::string_view value) {
  for (const std::string& item : split(value, ',')) {
    StringList ends = split(trim(item), '-', 2);
    auto first = parse_int(ends[0]), last = parse_int(ends.back());
    if (!first || !last) return fail(Code::invalid, "Invalid VLAN range boundary. start:{}, end:{}", ends[0], ends.back());
    if (*first > *last) return fail(Code::invalid, "Invalid VLAN range boundary. start:{} is higher than end:{}", *first, *last);
    TRY(is_vlan(ends[0]));
    TRY(is_vlan(ends.back()));
  }
  return {};
}

Result<> is_mtu(std::string_view value) {
  auto mtu = parse_uint(value);
  if (!mtu) return fail(Code::invalid, "Invalid MTU {}", quote(value));
  if (*mtu < 1280 || *mtu > 16384) return fail(Code::invalid, "Out of MTU range (1280-16384) {}", quote(value));
  return {};
}

Result<> is_port(std::string_view value) {
  auto port = parse_uint(value);
  if (!port) return fail(Code::invalid, "Invalid port number {}", quote(value));
  if (*port > 65535) return fail(Code::invalid, "Out of port number range (0-65535) {}", quote(value));
  return {};
}

Result<> is_port_range(std::string_view value) {
  StringList ends = split(value, '-', 2);
  TRY(is_port(ends[0]));
  if (ends.size() == 1) return {};
  TRY(is_port(ends[1]));
  if (*parse_uint(ends[0]) >= *parse_uint(ends[1]))
    return fail(Code::invalid, "Start port {} must be lower than end port {}", ends[0], ends[1]);
  return {};
}

Result<> is_dhcp_route_list(std::string_view value) {
  StringList parts = split(value, ',');
  for (size_t i = 0; i < parts.size(); i++) {
    std::string_view part = trim(parts[i]);
    TRY(i % 2 == 0 ? is_network_v4(part) : is_address_v4(part));
  }
  if (parts.size() % 2 != 0) return fail(Code::invalid, "missing gateway for route {}", parts.back());
  return {};
}

Result<> is_uint8(std::string_view value) {
  auto number = parse_uint(value);
  if (!number || *number > 255) return fail(Code::invalid, "Invalid value for an integer {}. Must be between 0 and 255", quote(value));
  return {};
}

Result<> is_hostname(std::string_view value) {
  if (value.empty() || value.size() > 63) return fail(Code::invalid, "Name must be 1-63 characters long");
  if (value.starts_with('-')) return fail(Code::invalid, "Name must not start with \"-\" character");
  if (value.ends_with('-')) return fail(Code::invalid, "Name must not end with \"-\" character");
  if (parse_uint(value)) return fail(Code::invalid, "Name cannot be a number");
  if (!std::all_of(value.begin(), value.end(), [](unsigned char c) { return isalnum(c) || c == '-'; }))
    return fail(Code::invalid, "Name can only contain alphanumeric and hyphen characters");
  return {};
}

Result<> one_of(std::string_view value, std::initializer_list<std::string_view> allowed) {
  if (std::find(allowed.begin(), allowed.end(), value) != allowed.end()) return {};
  std::string list;
  for (std::string_view item : allowed) list += (list.empty() ? "" : " ") + std::string(item);
  return fail(Code::invalid, "Invalid value {} (not one of [{}])", quote(value), list);
}

Result<> check_list(std::string_view value, Result<> (*item)(std::string_view)) {
  for (const std::string& part : split(value, ',')) {
    std::string_view text = trim(part);
    if (auto good = item(text); !good) return Failure(std::move(good).error().wrap(std::format("Item {}", quote(text))));
  }
  return {};
}

}  // namespace config
