// PCI functions of the host, and which driver has them. Linux: Documentation/ABI/testing/sysfs-bus-pci, Documentation/driver-api/vfio.rst.
#pragma once
#include <format>
#include <string>
#include <vector>

#include "base/context.h"
#include "base/strings.h"

namespace device {

struct PciFunction {
  std::string address;  ///< "0000:03:10.0"
  std::string driver;   ///< empty: none
  bool usb = false;     ///< no PCI function at all, but an interface of a USB device; nothing else is filled
};

/// The driver that hands functions to virtual machines.
inline constexpr const char* kVfioDriver = "vfio-pci";

/// A value for a file of sysfs, in one write. Errors: internal with errno.
Result<> write_attribute(const std::string& path, const std::string& value);
/// "02:0A.0" -> "0000:02:0a.0": the kernel's way to write it.
std::string full_address(const std::string& address);
/// Where sysfs has the function.
std::string function_folder(const std::string& address);
/// What the `uevent` file in a device's folder says ("/sys/class/net/eth0/device"). Errors: internal (no such file, or not of a PCI function).
Result<PciFunction> function_of(const std::string& device_folder);
inline Result<PciFunction> function_at(const std::string& address) { return function_of(function_folder(address)); }
/// The number of its IOMMU group, which is the name of its node below /dev/vfio. Errors: unsupported (no IOMMU).
Result<std::string> iommu_group(const std::string& address);
/// The functions of its group that are on the same card, itself included; only itself where there is no IOMMU.
StringList card_functions(const std::string& address);

/// The virtual function `number` of the physical one at `parent` (SR-IOV). Errors: internal.
inline Result<PciFunction> virtual_function(const std::string& parent, unsigned number) { return function_of(std::format("{}/virtfn{}", function_folder(parent), number)); }
/// The numbers of those that have no driver.
std::vector<unsigned> free_functions(const std::string& parent);

/// Loads vfio-pci. Errors: unsupported (the kernel has none).
Result<> load_vfio(const Context& ctx);
/// Takes the function from its driver; success if it has none.
Result<> unbind(const std::string& address);
/// Which driver alone may have it; empty: any that knows it.
Result<> prefer_driver(const std::string& address, const std::string& driver);
/// Has the kernel look for a driver; success if it has one already.
Result<> probe(const std::string& address);
/// Gives the function to `driver` instead of the one it has; empty: to whichever knows it. On an error it is given back to the former one. Blocks up to 0.5 s.
/// Errors: internal, timeout (the driver did not take it).
Result<> give_to_driver(const Context& ctx, const PciFunction& function, const std::string& driver);

}  // namespace device
