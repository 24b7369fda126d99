// Device nodes of the host by what they belong to: USB devices by vendor, product or place, and what hangs on them. Read from sysfs(5).
#pragma once
#include <string>
#include <vector>

#include "device/node_files.h"

namespace device {

/// What Type::watched of a type says whose nodes are found by uevents rather than by one path.
inline constexpr std::string_view kWatchUevents = "uevent:";

/// Where sysfs is: $INCUS_SYSFS_DIR for tests, else /sys.
std::string sysfs_folder();

struct HostNode {
  std::string path;  ///< on the host, and in the instance
  Node node;
};

/// The nodes of whole USB devices (/dev/bus/usb/BUS/DEVICE) that keys vendorid, productid, serial, busnum and devnum select; unset ones select all.
std::vector<HostNode> usb_nodes(const std::string& sysfs, const StringMap& config);

/// What a virtual machine has of `device` that is the USB device at an address of a bus: one device may be several.
UsbEntry usb_entry(const std::string& device, unsigned bus, unsigned address);

/// The nodes that drivers made for matching USB devices (serial ports, disks, …), by vendorid, productid and pci: the address of the USB controller.
std::vector<HostNode> usb_driver_nodes(const std::string& sysfs, const StringMap& config);

}  // namespace device
