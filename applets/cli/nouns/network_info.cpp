// Run-time views of networks: state, leases, allocations.
#include <arpa/inet.h>

#include <algorithm>
#include <print>
#include <set>

#include "api/types/network.h"
#include "api/types/network_allocation.h"
#include "applets/cli/nouns/network.h"
#include "applets/cli/verbs/columns.h"
#include "base/units.h"

namespace cli {

namespace {

void print_addresses(const Json& state) {
  if (!state.contains("addresses") || state["addresses"].empty()) return;
  std::println("\nIP addresses:");
  for (const Json& address : state["addresses"]) {
    std::println("  {}\t{}/{} ({})", member_text(address, "family"), member_text(address, "address"), member_text(address, "netmask"), member_text(address, "scope"));
  }
}

void print_usage(const Json& state) {
  if (!state.contains("counters") || !state["counters"].is_object()) return;
  const Json& counters = state["counters"];
  auto number = [&](const char* name) { return counters.value(name, Json(0)).get<int64_t>(); };
  std::println("\nNetwork usage:\n  Bytes received: {}\n  Bytes sent: {}\n  Packets received: {}\n  Packets sent: {}", format_byte_size_decimal(number("bytes_received"), 2),
               format_byte_size_decimal(number("bytes_sent"), 2), number("packets_received"), number("packets_sent"));
}

struct Line {
  const char* label;
  const char* member;
};

/// One part of the state, if there is one; lists are shown with commas.
void print_part(const Json& state, const char* name, const char* title, std::initializer_list<Line> lines, bool skip_empty = false) {
  if (!state.contains(name) || !state[name].is_object()) return;
  std::println("\n{}:", title);
  for (const Line& line : lines) {
    const Json& part = state[name];
    std::string text = member_text(part, line.member);
    if (part.contains(line.member) && part[line.member].is_array()) {
      StringList items;
      for (const Json& item : part[line.member]) items.push_back(item.get<std::string>());
      text = join(items, ", ");
    }
    if (!text.empty() || !skip_empty) std::println("  {}: {}", line.label, text);
  }
}

constexpr Column kLeaseColumns[] = {
    {'h', "HOSTNAME", text_cell<"hostname">}, {'m', "MAC ADDRESS", text_cell<"hwaddr">}, {'i', "IP ADDRESS", text_cell<"address">},
    {'t', "TYPE", upper_cell<"type">},        {'L', "LOCATION", text_cell<"location">},
};
constexpr Noun kLeaseNoun = {.what = "lease", .title = "Lease", .collection = "/1.0/networks/{}/leases", .wire = kWire<api::NetworkLease, api::NetworkLease>,
                             .edit_help = "", .columns = kLeaseColumns, .traits = kLocationColumn};

constexpr Column kAllocationColumns[] = {
    {'u', "USED BY", text_cell<"used_by">}, {'a', "ADDRESS", text_cell<"addresses">}, {'N', "NETWORK", text_cell<"network">},
    {'t', "TYPE", text_cell<"type">},       {'n', "NAT", yes_no_cell<"nat">},         {'m', "MAC ADDRESS", text_cell<"hwaddr">},
};
constexpr Noun kAllocationNoun = {.what = "allocation", .title = "Allocation", .collection = "/1.0/network-allocations",
                                  .wire = kWire<api::NetworkAllocations, api::NetworkAllocations>, .edit_help = "", .columns = kAllocationColumns, .traits = kPlainNoun};

/// An address as bytes, 4 or 16 of them.
std::string address_bytes(std::string_view text) {
  std::string address(text.substr(0, text.find('/')));
  char bytes[16];
  if (inet_pton(AF_INET, address.c_str(), bytes) == 1) return std::string(bytes, 4);
  if (inet_pton(AF_INET6, address.c_str(), bytes) == 1) return std::string(bytes, 16);
  return "";
}

std::string masked(std::string bytes, size_t prefix) {
  for (size_t bit = prefix; bit < bytes.size() * 8; ++bit) bytes[bit / 8] &= static_cast<char>(~(0x80 >> (bit % 8)));
  return bytes;
}

std::string address_text(const std::string& bytes) {
  char text[INET6_ADDRSTRLEN];
  return inet_ntop(bytes.size() == 4 ? AF_INET : AF_INET6, bytes.data(), text, sizeof(text)) ? text : "";
}

/// The address after this one.
std::string next_address(std::string bytes) {
  for (size_t i = bytes.size(); i-- > 0;) {
    if (++reinterpret_cast<unsigned char&>(bytes[i]) != 0) break;
  }
  return bytes;
}

/// "10.0.0.2-10.0.0.5, 10.0.0.9"
std::string ranges_text(std::set<std::string> addresses) {
  StringList ranges;
  while (!addresses.empty()) {
    std::string first = *addresses.begin();
    std::string last = first;
    addresses.erase(addresses.begin());
    while (addresses.erase(next_address(last))) last = next_address(last);
    ranges.push_back(first == last ? address_text(first) : address_text(first) + "-" + address_text(last));
  }
  return join(ranges, ", ");
}

struct Subnets {
  std::set<std::pair<std::string, size_t>> subnets;  ///< address bytes and prefix length
  std::set<std::string> used;                        ///< address bytes
};

std::map<std::string, Subnets> subnets_by_network(const Json& allocations) {
  std::map<std::string, Subnets> networks;
  for (const Json& item : allocations) {
    Subnets& network = networks[member_text(item, "network")];
    std::string address = member_text(item, "addresses");
    if (member_text(item, "type") != "network") {
      network.used.insert(address_bytes(address));
      continue;
    }
    size_t prefix = parse_uint(address.substr(address.find('/') + 1)).value_or(0);
    network.subnets.emplace(masked(address_bytes(address), prefix), prefix);
  }
  return networks;
}

Result<> print_summary(Call& call, const Json& allocations) {
  Table table{{"NETWORK", "SUBNET", "USED"}, {}};
  Json raw = Json::array();
  auto add = [&](const std::string& network, const std::string& subnet, const std::string& used) {
    table.rows.push_back({network, subnet, used});
    raw.push_back({{"network", network}, {"subnet", subnet}, {"used", used}});
  };
  for (auto& [name, network] : subnets_by_network(allocations)) {
    std::set<std::string> rest = network.used;
    for (const auto& [subnet, prefix] : network.subnets) {
      std::set<std::string> inside;
      for (const std::string& address : network.used) {
        if (address.size() == subnet.size() && masked(address, prefix) == subnet && rest.erase(address)) inside.insert(address);
      }
      add(name, std::format("{}/{}", address_text(subnet), prefix), ranges_text(std::move(inside)));
    }
    if (!rest.empty()) add(name, "external", ranges_text(std::move(rest)));
  }
  return print_table(call.format(), table, raw);
}

}  // namespace

Result<> network_info(Call& call) {
  client::Server server = TRY(call.server(call.args[0]));
  if (!call.flags.text("target").empty()) server = server.target(call.flags.text("target"));
  const std::string& name = call.args[0].object().text;
  Json state = TRY(server.get(call.ctx, "/1.0/networks/" + url_escape(name) + "/state")).metadata;
  std::println("Name: {}", name);
  if (std::string mac = member_text(state, "hwaddr"); !mac.empty()) std::println("MAC address: {}", mac);
  std::println("MTU: {}\nState: {}\nType: {}", member_text(state, "mtu"), member_text(state, "state"), member_text(state, "type"));
  print_addresses(state);
  print_usage(state);
  print_part(state, "bond", "Bond", {{"Mode", "mode"}, {"Transmit policy", "transmit_policy"}, {"Up delay", "up_delay"}, {"Down delay", "down_delay"},
                                     {"MII Frequency", "mii_frequency"}, {"MII state", "mii_state"}, {"Lower devices", "lower_devices"}});
  print_part(state, "bridge", "Bridge", {{"ID", "id"}, {"STP", "stp"}, {"Forward delay", "forward_delay"}, {"Default VLAN ID", "vlan_default"},
                                         {"VLAN filtering", "vlan_filtering"}, {"Upper devices", "upper_devices"}});
  print_part(state, "vlan", "VLAN", {{"Lower device", "lower_device"}, {"VLAN ID", "vid"}});
  print_part(state, "ovn", "OVN", {{"Chassis", "chassis"}, {"Logical router", "logical_router"}, {"Logical switch", "logical_switch"},
                                   {"IPv4 uplink address", "uplink_ipv4"}, {"IPv6 uplink address", "uplink_ipv6"}}, true);
  return {};
}

Result<> network_leases(Call& call) {
  client::Server server = TRY(call.server(call.args[0]));
  TRY(check_format(call.format()));
  Json leases = TRY(server.get(call.ctx, collection_path(kLeaseNoun, {call.args[0].object().text}))).metadata;
  return print_objects(call, kLeaseNoun, std::move(leases), call.flags.text("columns"));
}

Result<> network_allocations(Call& call) {
  TRY(check_format(call.format()));
  bool all = call.flags.on("all-projects");
  client::Server server = TRY(call.server(call.args[0]));
  Json items = TRY(server.get(call.ctx, all ? "/1.0/network-allocations?all-projects=true" : "/1.0/network-allocations")).metadata;
  std::string columns = call.flags.text("columns");
  if (!call.flags.on("summary")) return print_objects(call, kAllocationNoun, std::move(items), columns);
  if (columns != call.flags.find("columns")->fallback) return fail(Code::invalid, "The --summary flag cannot be used with custom columns (-c)");
  return print_summary(call, items);
}

Result<> remove_matching(Json& list, bool all, const std::function<bool(const Json&)>& matches, std::string_view none, std::string_view several) {
  Json rest = Json::array();
  bool removed = false;
  for (const Json& item : list) {
    if (!matches(item)) {
      rest.push_back(item);
      continue;
    }
    if (removed && !all) return fail(Code::invalid, "{}", several);
    removed = true;
  }
  if (!removed) return fail(Code::not_found, "{}", none);
  list = std::move(rest);
  return {};
}

}  // namespace cli
