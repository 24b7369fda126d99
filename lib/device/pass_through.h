// A PCI function that a virtual machine has instead of the host: taken from its driver, bound to vfio-pci, and given back.
#pragma once
#include "device/device.h"
#include "device/pci_function.h"

namespace device {

/// For one device of one instance. What the function was before is in the volatile keys last_state.pci.*, which are written before anything changes:
/// a daemon that was killed meanwhile leaves the next one what it needs to give the function back.
class PassThrough {
 public:
  PassThrough(Host& host, std::string device) : host_(host), device_(std::move(device)) {}

  /// `card`: the other functions of its card in the same IOMMU group go along, without which a guest may not have it. Errors: unsupported (no IOMMU, no
  /// vfio-pci), internal, timeout. Blocks.
  Result<PciEntry> take(const Context& ctx, const PciFunction& function, bool card = false);
  /// What take() said, from the volatile keys; nothing if no function is taken.
  std::optional<PciEntry> taken() const;
  /// Success if none is taken. The volatile keys are cleared in any case.
  Result<> give_back(const Context& ctx, bool card = false);

 private:
  std::string saved(const std::string& key) const { return host_.volatile_get(device_ + "." + key); }
  Host& host_;
  std::string device_;
};

/// migration.stateful and devices of hardware exclude each other. `what`: "PCI devices". Errors: invalid.
Result<> check_stateless(const Host& host, std::string_view what);
/// Errors: invalid (no such device). An empty address is fine.
Result<> check_present(const std::string& address);

}  // namespace device
