// Network cards and their ports.
#include "resources/ethtool.h"
#include "resources/resources.h"
#include "resources/sysfs.h"

namespace resources {
namespace {

const std::string kNet = "/sys/class/net";
const std::string kPci = "/sys/bus/pci/devices";

std::string id(const std::string& path) {
  std::string value = text(path);
  return value.starts_with("0x") ? value.substr(2) : value;
}

std::string protocol(uint64_t type) { return type == 1 ? "ethernet" : type == 19 ? "ATM" : type == 32 ? "infiniband" : "unknown"; }

api::ResourcesNetworkCardPortInfiniband infiniband(const std::string& device, uint64_t port) {
  api::ResourcesNetworkCardPortInfiniband out;
  for (const std::string& name : entries(device + "/infiniband_mad")) {
    std::string path = device + "/infiniband_mad/" + name;
    if (number(path + "/port") != port + 1) continue;  // counted from 1 here, from 0 as dev_port
    if (name.starts_with("issm")) out.issm_name = name, out.issm_device = text(path + "/dev");
    if (name.starts_with("umad")) out.mad_name = name, out.mad_device = text(path + "/dev");
  }
  StringList verbs = entries(device + "/infiniband_verbs");
  if (verbs.size() == 1) {
    out.verb_name = verbs[0];
    out.verb_device = text(device + "/infiniband_verbs/" + verbs[0] + "/dev");
  }
  return out;
}

std::vector<api::ResourcesNetworkCardPort> ports(const std::string& device) {
  std::vector<api::ResourcesNetworkCardPort> list;
  for (const std::string& name : entries(device + "/net")) {
    std::string path = device + "/net/" + name;
    api::ResourcesNetworkCardPort port{.id = name, .address = text(path + "/address"), .port = number(path + "/dev_port").value_or(0)};
    if (auto type = number(path + "/type")) port.protocol = protocol(*type);
    if (port.protocol == "infiniband" && exists(device + "/infiniband")) port.infiniband = infiniband(device, port.port);
    if (exists(device + "/physfn") || add_port_facts(port)) list.push_back(std::move(port));
  }
  return list;
}

std::optional<api::ResourcesNetworkCardVDPA> vdpa(const std::string& hardware) {
  for (const std::string& name : entries(hardware)) {
    if (!name.starts_with("vdpa")) continue;
    for (const std::string& child : entries(hardware + "/" + name))
      if (child.starts_with("vhost-vdpa-")) return api::ResourcesNetworkCardVDPA{name, child};
  }
  return std::nullopt;
}

void add_device(api::ResourcesNetworkCard& card, const std::string& device) {
  std::string hardware = device_folder(device);
  card.vdpa = vdpa(hardware);
  if (auto maximum = number(hardware + "/sriov_totalvfs"))
    card.sriov = api::ResourcesNetworkCardSRIOV{number(hardware + "/sriov_numvfs").value_or(0), *maximum, {}};
  card.numa_node = numa_node(hardware);
  card.usb_address = usb_address(hardware);
  card.vendor_id = id(hardware + "/vendor");
  card.product_id = id(hardware + "/device");
  Names names = pci_names(card.vendor_id, card.product_id);
  card.vendor = names.vendor;
  card.product = names.product;
  Driver driver = driver_of(hardware);
  card.driver = driver.name;
  card.driver_version = driver.version;
  card.ports = ports(device);
  if (!card.ports.empty()) card.firmware_version = firmware_version(card.ports[0].id);
}

}  // namespace

Result<api::ResourcesNetwork> network() {
  api::ResourcesNetwork out;
  std::map<std::string, std::vector<api::ResourcesNetworkCard>> functions;  // virtual ones by their parent's address
  StringList known;
  auto add = [&](api::ResourcesNetworkCard card, const std::string& device) {
    add_device(card, device);
    if (exists(device + "/physfn")) functions[link_name(device + "/physfn")].push_back(std::move(card));
    else out.cards.push_back(std::move(card));
  };
  for (const std::string& name : entries(kNet)) {
    std::string device = kNet + "/" + name + "/device";
    if (!exists(device)) continue;
    std::string address = pci_address(device);
    if (!address.empty() && contains(known, address)) continue;
    if (!address.empty()) known.push_back(address);
    add({.pci_address = address}, device);
  }
  for (const std::string& address : entries(kPci)) {
    std::string device = kPci + "/" + address;
    if (!contains(known, address) && text(device + "/class").starts_with("0x02")) add({.pci_address = address}, device);
  }
  for (auto& card : out.cards) {
    out.total++;
    if (!card.sriov) continue;
    card.sriov->vfs = std::move(functions[card.pci_address]);
    out.total += card.sriov->vfs.size();
  }
  return out;
}

}  // namespace resources
