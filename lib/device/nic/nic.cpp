// The device type "nic": finds the kind and hands over.
#include "device/nic/nic.h"

#include <algorithm>
#include <filesystem>

#include "base/encode.h"
#include "base/units.h"
#include "core/project_cache.h"
#include "device/nic/keys.h"
#include "device/nic/veth.h"
#include "device/unusable.h"

namespace device {

namespace nic {

#define NIC_KIND(symbol) extern const Kind symbol;
#include "device/nic/kinds.def"
#undef NIC_KIND

namespace {

std::unique_ptr<Device> create_nic(Services& services, Host& host, const std::string& name, const StringMap& config) {
  auto kind_name = kind_of(services.networks, host.project(), config);
  if (!kind_name) return std::make_unique<Unusable>(kind_name.error());
  const Kind* kind = find_kind(*kind_name);
  if (!kind) return std::make_unique<Unusable>(Error(Code::invalid, std::format("Unsupported device type: nictype {}", quote(*kind_name))));
  return kind->create(services, host, name, config);
}

config::Keys nic_keys(const StringMap& config) {
  const Kind* kind = find_kind(get_or(config, "nictype", "bridged"));
  return kind ? kind->keys : config::Keys();
}

}  // namespace

std::span<const Kind* const> kinds() {
  static const Kind* const all[] = {
#define NIC_KIND(symbol) &symbol,
#include "device/nic/kinds.def"
#undef NIC_KIND
  };
  return all;
}

const Kind* find_kind(std::string_view name) {
  auto list = kinds();
  auto found = std::ranges::find_if(list, [&](const Kind* kind) { return kind->name == name; });
  return found == list.end() ? nullptr : *found;
}

Result<std::string> kind_of(network::Networks& networks, const std::string& project, const StringMap& config) {
  std::string name = get_or(config, "network");
  if (name.empty()) {
    std::string kind = get_or(config, "nictype");
    if (kind.empty()) return fail(Code::invalid, "Device type \"nic\" needs a \"network\" or a \"nictype\"");
    return kind;
  }
  auto network = TRY_CTX(networks.load_for(project, name), "Failed to load network {} for project {}", quote(name), quote(project));
  if (network->type() == "bridge") return std::string("bridged");
  if (network->type() == "physical" && std::filesystem::exists("/sys/class/net/" + get_or(network->config(), "parent") + "/bridge")) return std::string("bridged");
  return network->type();
}

Result<> Nic::save(const StringMap& changes) {
  StringMap full;
  for (const auto& [key, text] : changes) full[name_ + "." + key] = text;
  return host_.volatile_set(full);
}

Result<std::shared_ptr<network::Network>> Nic::load_network(const StringList& banned) {
  for (const std::string& key : banned)
    if (!value(key).empty()) return fail(Code::invalid, "Cannot use {} property in conjunction with \"network\" property", quote(key));
  auto network = services_.networks.load_for(host_.project(), value("network"));
  if (!network) return Failure(std::move(network).error().wrap(std::format("Error loading network config for {}", quote(value("network")))));
  if ((*network)->record().status != "Created") return fail(Code::invalid, "Specified network is not fully created");
  return network;
}

Result<> Nic::check_names() const {
  if (value("name").empty()) return {};
  for (const auto& [device, other] : host_.expanded_devices())
    if (device != name_ && get_or(other, "type") == "nic" && get_or(other, "name") == value("name"))
      return fail(Code::invalid, "Duplicate NIC name detected {}", quote(value("name")));
  return {};
}

NicEntry Nic::machine_entry(const std::string& host_name, NicEntry::Kind kind) const {
  NicEntry out{.device = name_, .host_name = host_name, .name = value("name"), .hwaddr = hwaddr(), .kind = kind};
  out.bus = value("io.bus", "virtio");
  out.connected = value("connected") != "false";
  out.mtu = static_cast<uint32_t>(parse_uint(value("mtu")).value_or(0));
  out.boot_priority = parse_int(value("boot.priority")).value_or(0);
  return out;
}

NicEntry Nic::passed_entry(const PciEntry& function) const {
  NicEntry out = machine_entry(saved("host_name"), NicEntry::Kind::passed);
  out.pci = function.address;
  out.iommu_group = function.group;
  return out;
}

Result<NicEntry> Nic::make_ends(sys::Netlink& netlink, const VethSpec& spec) const {
  if (host_.is_container()) return NicEntry{.device = name_, .host_name = TRY(create_veth(netlink, spec)), .name = value("name"), .hwaddr = hwaddr()};
  TRY(create_tap(netlink, spec));
  return machine_entry(spec.host_name, NicEntry::Kind::tap);
}

Result<RunConfig> Nic::plugged() {
  std::string host_name = host_end();
  if (host_.is_container() || !attached() || host_name.empty()) return RunConfig{};
  return RunConfig{.nics = {machine_entry(host_name, NicEntry::Kind::tap)}};
}

std::string Nic::make_host_name(std::string_view prefix) const {
  auto config = env().server_config ? env().server_config() : StringMap();
  if (get_or(config, "instances.nic.host_name") == "mac" && hwaddr().size() == 17) return "inc" + replace_all(hwaddr(), ":", "").substr(2);
  return std::string(prefix) + hex_encode(random_bytes(4));
}

}  // namespace nic

extern const Type nic_type = {.name = "nic", .create = nic::create_nic, .keys = nic::nic_keys};

}  // namespace device

namespace device::nic::checks {

Result<> bit_rate(std::string_view value) {
  if (!parse_bit_size(value)) return fail(Code::invalid, "Invalid value for a rate {}: use a number with a unit, like 100Mbit", quote(value));
  return {};
}

Result<> dhcp_address_v4(std::string_view value) {
  if (value == "none") return {};
  if (value.find('/') == value.npos) return config::is_address_v4(value);
  return value.ends_with("/32") ? Result<>() : config::is_host_in_network_v4(value);
}

Result<> dhcp_address_v6(std::string_view value) {
  if (value == "none") return {};
  if (value.find('/') == value.npos) return config::is_address_v6(value);
  return value.ends_with("/128") ? Result<>() : config::is_host_in_network_v6(value);
}

Result<> host_addresses_v4(std::string_view value) { return value == "none" ? Result<>() : config::check_list(value, config::is_address_v4); }
Result<> host_addresses_v6(std::string_view value) { return value == "none" ? Result<>() : config::check_list(value, config::is_address_v6); }

Result<> device_id(std::string_view value) {
  bool good = value.size() == 4 && value.find_first_not_of("0123456789abcdef") == value.npos;
  return good ? Result<>() : fail(Code::invalid, "Invalid value, must be four lower case hex characters");
}

Result<> pci_address(std::string_view value) {
  // [dddd:]bb:dd.f
  std::string_view rest = value.size() == 12 && value[4] == ':' ? value.substr(5) : value;
  bool good = rest.size() == 7 && rest[2] == ':' && rest[5] == '.' && value.find_first_not_of("0123456789abcdefABCDEF:.") == value.npos;
  return good ? Result<>() : fail(Code::invalid, "Invalid PCI address");
}

}  // namespace device::nic::checks
