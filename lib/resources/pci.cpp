// PCI devices, with the names their vital product data gives.
#include "resources/resources.h"
#include "resources/sysfs.h"

namespace resources {
namespace {

const std::string kPci = "/sys/bus/pci/devices";

uint16_t word(std::string_view data, size_t at) {
  return static_cast<uint16_t>(static_cast<unsigned char>(data[at]) | static_cast<unsigned char>(data[at + 1]) << 8);
}

/// Vital product data (PCI 3.0, appendix I): a name, then lists of two-letter keywords.
api::ResourcesPCIVPD parse_vpd(std::string_view data) {
  api::ResourcesPCIVPD vpd;
  while (data.size() >= 3 && (data[0] & 0x80)) {
    unsigned tag = data[0] & 0x7f;
    size_t size = word(data, 1);
    if (data.size() < 3 + size) break;
    std::string_view body = data.substr(3, size);
    if (tag == 0x02) vpd.product_name = std::string(trim(body));
    while (tag == 0x10 && body.size() >= 3) {
      size_t length = static_cast<unsigned char>(body[2]);
      if (body.size() < 3 + length) break;
      std::string key(body.substr(0, 2));
      if (key != "RV") vpd.entries[key] = std::string(trim(body.substr(3, length)));
      body.remove_prefix(3 + length);
    }
    data.remove_prefix(3 + size);
  }
  return vpd;
}

std::string id(const std::string& path) {
  std::string value = text(path);
  return value.starts_with("0x") ? value.substr(2) : value;
}

}  // namespace

Result<api::ResourcesPCI> pci() {
  api::ResourcesPCI out;
  for (const std::string& address : entries(kPci)) {
    std::string path = kPci + "/" + address;
    Driver driver = driver_of(path);
    std::string vendor = id(path + "/vendor"), product = id(path + "/device");
    Names names = pci_names(vendor, product);
    api::ResourcesPCIDevice device{.driver = driver.name, .driver_version = driver.version, .numa_node = numa_node(path), .pci_address = address,
                                   .vendor = names.vendor, .vendor_id = vendor, .product = names.product, .product_id = product};
    if (exists(path + "/iommu_group")) device.iommu_group = parse_uint(link_name(path + "/iommu_group")).value_or(0);
    if (exists(path + "/vpd")) device.vpd = parse_vpd(read_file(path + "/vpd", 1 << 15).value_or(""));
    out.devices.push_back(std::move(device));
  }
  out.total = out.devices.size();
  return out;
}

}  // namespace resources
