// Virtual functions of network cards (SR-IOV): which are free, and how they are set up for an instance and given back.
// Linux: Documentation/PCI/pci-iov-howto.rst.
#pragma once
#include <mutex>
#include <set>

#include "device/nic/nic.h"
#include "device/pci_function.h"

namespace device::nic {

struct FreeFunction {
  std::string interface;  ///< what the host calls it
  int number = -1;        ///< among those of its parent
};

/// Interfaces that instances or networks have, by their config or since they started.
Result<std::set<std::string>> interfaces_in_use(const network::Environment& env);
/// Those of `parent` that have an interface which nobody uses: not in `used`, down and without address. Brings the parent up, as some cards need.
/// Errors: invalid (the parent knows no SR-IOV).
Result<std::vector<FreeFunction>> free_functions(sys::Netlink& netlink, const std::string& parent, const std::set<std::string>& used);
/// How many functions the parent has switched on.
uint64_t function_count(const std::string& parent);
/// Errors: internal.
Result<PciFunction> function_of_parent(const std::string& parent, const std::string& number);
/// Gives the function to its own driver, and waits until its interface is there and has its name. Blocks up to 10 s. Errors: timeout.
Result<> await_interface(const Context& ctx, sys::Netlink& netlink, const PciFunction& function, const std::string& interface);

/// Between looking for a free function and taking it, one at a time.
std::mutex& functions_lock();

}  // namespace device::nic
