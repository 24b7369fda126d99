// USB devices (hubs left out) and serial ports.
#include <filesystem>

#include "resources/resources.h"
#include "resources/sysfs.h"
#include "resources/usb_classes.h"

namespace resources {
namespace {

const std::string kUsb = "/sys/bus/usb/devices";
constexpr uint64_t kHubClass = 9;

api::ResourcesUSBDeviceInterface describe_interface(const std::string& path) {
  Driver driver = driver_of(path);
  uint64_t class_id = number(path + "/bInterfaceClass", 16).value_or(0), subclass = number(path + "/bInterfaceSubClass", 16).value_or(0);
  return {.class_ = std::string(usb_class(class_id)),
          .class_id = class_id,
          .driver = driver.name,
          .driver_version = driver.version,
          .number = number(path + "/bInterfaceNumber").value_or(0),
          .subclass = std::string(usb_subclass(class_id, subclass)),
          .subclass_id = subclass};
}

std::map<std::string, api::ResourcesSerialDevice> serial_links() {
  std::map<std::string, api::ResourcesSerialDevice> devices;
  for (const char* kind : {"by-path", "by-id"}) {
    std::string folder = std::string("/dev/serial/") + kind;
    for (const std::string& link : entries(folder)) {
      std::string name = link_name(folder + "/" + link);
      if (name.empty()) continue;
      auto& device = devices[name];
      device.id = name;
      (std::string_view(kind) == "by-id" ? device.device_id : device.device_path) = folder + "/" + link;
    }
  }
  return devices;
}

}  // namespace

Result<api::ResourcesUSB> usb() {
  api::ResourcesUSB out;
  for (const std::string& name : entries(kUsb)) {
    std::string path = kUsb + "/" + name;
    if (!exists(path + "/busnum") || number(path + "/bDeviceClass", 16) == kHubClass) continue;
    api::ResourcesUSBDevice device{.bus_address = number(path + "/busnum").value_or(0), .device_address = number(path + "/devnum").value_or(0)};
    device.serial = text(path + "/iSerial");
    device.product_id = text(path + "/idProduct");
    device.vendor_id = text(path + "/idVendor");
    Names names = usb_names(device.vendor_id, device.product_id);
    device.vendor = names.vendor;
    device.product = text(path + "/product");
    if (device.product.empty()) device.product = names.product;
    device.speed = parse_double(text(path + "/speed")).value_or(0);
    for (const std::string& child : entries(path))
      if (child.starts_with(name)) device.interfaces.push_back(describe_interface(path + "/" + child));
    out.devices.push_back(std::move(device));
  }
  out.total = out.devices.size();
  return out;
}

Result<api::ResourcesSerial> serial() {
  api::ResourcesSerial out;
  for (auto& [name, device] : serial_links()) {
    std::string path = "/sys/class/tty/" + name, hardware = real(path + "/device");
    device.device = text(path + "/dev");
    device.driver = link_name(hardware + "/driver");
    if (hardware.find("/usb") != std::string::npos) {
      std::string parent = real(hardware + "/../..");
      device.vendor_id = text(parent + "/idVendor");
      device.product_id = text(parent + "/idProduct");
      Names names = usb_names(device.vendor_id, device.product_id);
      device.vendor = names.vendor;
      device.product = names.product;
    }
    out.devices.push_back(std::move(device));
  }
  out.total = out.devices.size();
  return out;
}

}  // namespace resources
