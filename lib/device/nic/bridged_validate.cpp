// Which configurations of a bridged NIC make sense together, and with the other NICs of the network.
#include "device/nic/bridged.h"

#include "base/ip.h"
#include "core/project_cache.h"
#include "device/nic/family.h"
#include "device/nic/keys.h"
#include "network/acl/acl.h"
#include "network/attached.h"
#include "network/dnsmasq/allocate.h"
#include "network/projects.h"

namespace device::nic {
namespace {

std::string plain(const std::string& address) { return split(address, '/')[0]; }

/// The same address, in whatever spelling.
bool same_address(const std::string& a, const std::string& b) {
  auto left = IpAddress::parse(plain(a)), right = IpAddress::parse(plain(b));
  return left && right && *left == *right;
}

}  // namespace

Result<> Bridged::validate() {
  TRY(resolve());
  if (value("network").empty() && value("parent").empty()) return fail(Code::invalid, "Invalid value for device option \"parent\": Required value");
  TRY(network_ ? check_managed() : check_unmanaged());
  bool filters = flag("security.ipv4_filtering") || flag("security.ipv6_filtering");
  if (filters && (!value("vlan").empty() || !value("vlan.tagged").empty())) return fail(Code::invalid, "IP filtering cannot be used with VLAN filtering");
  for (const std::string& id : split_list(value("vlan.tagged")))
    if (id == value("vlan"))
      return fail(Code::invalid, "Invalid value for device option \"vlan.tagged\": Tagged VLAN ID {} cannot be the same as untagged VLAN ID", quote(id));
  auto project = TRY(env().projects.get(host_.project()));
  TRY(network::acl::check_names(env(), network::project_of(project, ""), value("security.acls")));
  TRY(check_keys(kBridgedKeys, config_));
  TRY(check_names());
  if (!host_.name().empty()) TRY(check_conflicts());
  return {};
}

Result<> Bridged::check_managed_address(int family) const {
  std::string key = std::format("ipv{}.address", family), address = value(key), filtering = std::format("security.ipv{}_filtering", family);
  if (address.empty() || address.find('/') != std::string::npos) return {};
  const StringMap& config = network_->config();
  auto subnet = network::dnsmasq::dhcp_subnet(config, family);
  bool leases = subnet && (family == 4 || is_true(get_or(config, "ipv6.dhcp.stateful")));
  if (!leases && !flag(filtering)) {
    std::string_view what = family == 4 ? "DHCP is disabled" : "DHCP or \"ipv6.dhcp.stateful\" are disabled";
    return fail(Code::invalid, "Cannot specify {} when {} (unless using {}) on network {}", quote(key), what, filtering, quote(network_->name()));
  }
  auto parsed = IpAddress::parse(address);
  StringMap without_ranges = {{key, get_or(config, key)}};
  if (subnet && address != "none" && (!parsed || !network::dnsmasq::valid_lease(without_ranges, family, *parsed)))
    return fail(Code::invalid, "Device IP address {} not within network {} subnet", quote(address), quote(network_->name()));
  auto own = IpNetwork::parse(get_or(config, key));
  if (!own) return {};
  if (address == "none" && !flag(filtering)) return fail(Code::invalid, "Cannot have {} as none unless using {}", key, filtering);
  if (parsed && own->address == *parsed)
    return fail(Code::invalid, "IP address {} is assigned to parent managed network device {}", quote(address), quote(parent_));
  return {};
}

Result<> Bridged::check_managed() const {
  if (network_->type() != "bridge" && network_->type() != "physical") return fail(Code::invalid, "Specified network must be of type bridge");
  TRY(check_managed_address(4));
  TRY(check_managed_address(6));
  std::string driver = get_or(network_->config(), "bridge.driver");
  if (!driver.empty() && driver != "native") return {};
  if (value("vlan") == "0") return fail(Code::invalid, "VLAN ID 0 is not allowed for native Linux bridges");
  for (const std::string& item : split_list(value("vlan.tagged")))
    if (parse_int(split(item, '-')[0]) == 0) return fail(Code::invalid, "VLAN tagged ID 0 is not allowed for native Linux bridges");
  return {};
}

Result<> Bridged::check_unmanaged() const {
  for (int family : {4, 6}) {
    std::string address = value(std::format("ipv{}.address", family));
    if (flag(std::format("security.ipv{}_filtering", family))) {
      if (address.empty())
        return fail(Code::invalid, "IPv{0} filtering requires a manually specified ipv{0}.address when using an unmanaged parent bridge", family);
    } else if (!address.empty() && address.find('/') == std::string::npos) {
      return fail(Code::invalid, "Cannot use manually specified ipv{}.address when using unmanaged parent bridge", family);
    }
  }
  return {};
}

Result<StringMap> Bridged::inner_items() const {
  bool application = is_true(host_.volatile_get("container.oci"));
  StringMap items;
  for (const Family& family : kFamilies) {
    std::string address_key = family.key("address"), gateway_key = family.key("gateway");
    std::string address = value(address_key), gateway = value(gateway_key);
    bool fixed = address.contains('/'), leads = !gateway.empty() && gateway != "none";
    if (leads && !application) return fail(Code::invalid, "{} is only supported on OCI containers", quote(gateway_key));
    if (fixed && !application) return fail(Code::invalid, "A CIDR value for {} is only supported on OCI containers", quote(address_key));
    if (leads && !fixed) return fail(Code::invalid, "{} requires {} to be set to a CIDR value", quote(gateway_key), quote(address_key));
    if (leads && gateway == "auto") gateway = network_ ? plain(get_or(network_->config(), address_key)) : "";
    if (leads && !IpAddress::parse(gateway)) return fail(Code::invalid, "{}: the network has no address of that family", quote(gateway_key));
    if (fixed) items["nic." + address_key] = address;
    if (leads) items["nic." + gateway_key] = gateway;
  }
  return items;
}

Result<> Bridged::check_conflicts() const {
  network::Record record = network_ ? network_->record() : network::Record{.project = "default", .name = parent_, .type = "bridge"};
  bool names = network_ && get_or(network_->config(), "dns.mode") != "none";
  for (const network::AttachedNic& other : TRY(network::attached_nics(env(), record))) {
    bool same_instance = other.instance == host_.name() && other.project == host_.project();
    if (same_instance && other.device == name_) continue;
    if (get_or(other.config, "vlan") != value("vlan")) continue;
    if (names && iequals(other.instance, host_.name())) {
      if (same_instance)
        return fail(Code::conflict, "Instance DNS name {} conflict between {} and {} because both are connected to same network",
                    quote(to_lower(other.instance)), quote(name_), quote(other.device));
      return fail(Code::conflict, "Instance DNS name {} already used on network", quote(to_lower(other.instance)));
    }
    if (!hwaddr().empty() && iequals(hwaddr(), other.hwaddr()))
      return fail(Code::conflict, "MAC address {} already defined on another NIC", quote(other.hwaddr()));
    for (const char* key : {"ipv4.address", "ipv6.address"})
      if (same_address(value(key), get_or(other.config, key)))
        return fail(Code::conflict, "IP address {} already defined on another NIC", quote(plain(get_or(other.config, key))));
  }
  return {};
}

}  // namespace device::nic
