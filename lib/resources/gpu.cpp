// Graphics cards: DRM devices, their PCI functions, NVIDIA's own facts and mediated devices.
#include "resources/resources.h"
#include "resources/sysfs.h"

namespace resources {
namespace {

const std::string kDrm = "/sys/class/drm";
const std::string kPci = "/sys/bus/pci/devices";
const std::string kNvidia = "/proc/driver/nvidia/gpus/";

std::string id(const std::string& path) {
  std::string value = text(path);
  return value.starts_with("0x") ? value.substr(2) : value;
}

std::optional<api::ResourcesGPUCardNvidia> nvidia(const std::string& address) {
  auto information = read_file(kNvidia + address + "/information");
  if (!information) return std::nullopt;
  api::ResourcesGPUCardNvidia card;
  for (const std::string& line : split(*information, '\n')) {
    size_t colon = line.find(':');
    if (colon == std::string::npos) continue;
    std::string key(trim(line.substr(0, colon))), value(trim(line.substr(colon + 1)));
    if (key == "Model") {
      card.model = value;
      card.brand = value.substr(0, value.find(' '));
    } else if (key == "GPU UUID") {
      card.uuid = value;
    } else if (key == "Device Minor") {
      card.card_name = "nvidia" + value;
      card.card_device = "195:" + value;
    }
  }
  return card;
}

api::ResourcesGPUCardDRM drm(const std::string& folder) {
  api::ResourcesGPUCardDRM out;
  for (const std::string& name : entries(folder)) {
    std::string device = text(folder + "/" + name + "/dev");
    if (name.starts_with("card")) {
      out.id = parse_uint(name.substr(4)).value_or(0);
      out.card_name = name;
      out.card_device = device;
    } else if (name.starts_with("controlD")) {
      out.control_name = name;
      out.control_device = device;
    } else if (name.starts_with("renderD")) {
      out.render_name = name;
      out.render_device = device;
    }
  }
  return out;
}

std::map<std::string, api::ResourcesGPUCardMdev> mediated(const std::string& folder) {
  std::map<std::string, api::ResourcesGPUCardMdev> types;
  for (const std::string& name : entries(folder)) {
    std::string path = folder + "/" + name;
    types[name] = {.api = text(path + "/device_api"),
                   .available = number(path + "/available_instances").value_or(0),
                   .name = text(path + "/name"),
                   .description = text(path + "/description"),
                   .devices = entries(path + "/devices")};
  }
  return types;
}

void add_device(api::ResourcesGPUCard& card, const std::string& device) {
  if (auto maximum = number(device + "/sriov_totalvfs"))
    card.sriov = api::ResourcesGPUCardSRIOV{number(device + "/sriov_numvfs").value_or(0), *maximum, {}};
  card.numa_node = numa_node(device);
  if (exists(device + "/device/busnum")) {
    card.usb_address = usb_address(device + "/device");
  } else {
    card.vendor_id = id(device + "/vendor");
    card.product_id = id(device + "/device");
    Names names = pci_names(card.vendor_id, card.product_id);
    card.vendor = names.vendor;
    card.product = names.product;
  }
  Driver driver = driver_of(device);
  card.driver = driver.name;
  card.driver_version = driver.version;
  if (card.driver == "nvidia") card.nvidia = nvidia(card.pci_address);
  if (exists(device + "/drm")) card.drm = drm(device + "/drm");
  if (exists(device + "/mdev_supported_types")) card.mdev = mediated(device + "/mdev_supported_types");
}

struct Collected {
  std::vector<api::ResourcesGPUCard> cards;
  std::map<std::string, std::vector<api::ResourcesGPUCard>> functions;  ///< virtual ones by their parent's address
  StringList known;
};

void add_card(Collected& out, api::ResourcesGPUCard card, const std::string& device) {
  add_device(card, device);
  if (exists(device + "/physfn")) out.functions[link_name(device + "/physfn")].push_back(std::move(card));
  else out.cards.push_back(std::move(card));
}

}  // namespace

Result<api::ResourcesGPU> gpu() {
  Collected found;
  for (const std::string& name : entries(kDrm)) {
    std::string device = kDrm + "/" + name + "/device";
    // Outputs ("card0-HDMI-A-1") lead to a card that is listed by itself.
    if (!exists(device) || !exists(kDrm + "/" + name + "/dev")) continue;
    api::ResourcesGPUCard card{.pci_address = pci_address(device)};
    std::string key = card.pci_address.empty() ? real(device) : card.pci_address;
    if (contains(found.known, key)) continue;
    found.known.push_back(key);
    add_card(found, std::move(card), device_folder(device));
  }
  for (const std::string& address : entries(kPci)) {
    std::string device = kPci + "/" + address;
    if (contains(found.known, address) || !text(device + "/class").starts_with("0x03")) continue;
    add_card(found, {.pci_address = address}, device);
  }
  api::ResourcesGPU out{.cards = std::move(found.cards)};
  for (auto& card : out.cards) {
    out.total++;
    if (!card.sriov) continue;
    card.sriov->vfs = std::move(found.functions[card.pci_address]);
    out.total += card.sriov->vfs.size();
  }
  return out;
}

}  // namespace resources
