// Small readers for sysfs: one value a file, links for relations.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "base/strings.h"

namespace resources {

bool exists(const std::string& path);
/// The file's text without white space around it; empty if it can't be read.
std::string text(const std::string& path);
std::optional<uint64_t> number(const std::string& path, int base = 10);
std::optional<int64_t> signed_number(const std::string& path);
/// Names in a folder, sorted; empty if there is none.
StringList entries(const std::string& path);
/// Where a path leads with all links followed; empty if nowhere.
std::string real(const std::string& path);
/// The last part of real().
std::string link_name(const std::string& path);

/// numa_node of a device; 0 for "none".
uint64_t numa_node(const std::string& device);
/// Follows `device` links down to the hardware.
std::string device_folder(std::string path);
/// "0000:00:03.0" of a device (through virtio), empty if it isn't on that bus.
std::string pci_address(const std::string& device);
/// "bus:device", empty if it isn't on USB.
std::string usb_address(const std::string& device);

struct Driver {
  std::string name;
  std::string version;  ///< of the module, else the kernel's
};
Driver driver_of(const std::string& device);

struct Names {
  std::string vendor, product;
};
/// From the machine's pci.ids or usb.ids, if installed. Ids: four hex digits.
Names pci_names(const std::string& vendor_id, const std::string& product_id);
Names usb_names(const std::string& vendor_id, const std::string& product_id);

}  // namespace resources
