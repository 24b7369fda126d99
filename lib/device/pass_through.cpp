#include "device/pass_through.h"

#include <filesystem>

namespace device {

Result<PciEntry> PassThrough::take(const Context& ctx, const PciFunction& function, bool card) {
  TRY(load_vfio(ctx));
  std::string group = TRY(iommu_group(function.address));
  // A start that was cut short has it already: its former driver is known, and this one is not it.
  bool again = function.driver == kVfioDriver && saved("last_state.pci.slot.name") == function.address;
  if (!again) TRY(host_.volatile_set({{device_ + ".last_state.pci.slot.name", function.address}, {device_ + ".last_state.pci.driver", function.driver}}));
  for (const std::string& address : card ? card_functions(function.address) : StringList{function.address})
    TRY_CTX(give_to_driver(ctx, TRY(function_at(address)), kVfioDriver), "Failed to override IOMMU group driver");
  return PciEntry{.device = device_, .address = function.address, .group = group};
}

std::optional<PciEntry> PassThrough::taken() const {
  std::string address = saved("last_state.pci.slot.name");
  if (address.empty()) return std::nullopt;
  return PciEntry{.device = device_, .address = address, .group = iommu_group(address).value_or("")};
}

Result<> PassThrough::give_back(const Context& ctx, bool card) {
  std::string address = saved("last_state.pci.slot.name"), driver = saved("last_state.pci.driver");
  Result<> outcome;
  if (!address.empty()) {
    for (const std::string& one : card ? card_functions(address) : StringList{address}) {
      // Which driver the others of the card had is not known: any that knows them.
      auto given = give_to_driver(ctx, {.address = one, .driver = kVfioDriver}, one == address ? driver : "");
      if (given) given = prefer_driver(one, "");
      if (!given) outcome = std::move(given);
    }
  }
  TRY(host_.volatile_set({{device_ + ".last_state.pci.slot.name", ""}, {device_ + ".last_state.pci.driver", ""}}));
  return outcome;
}

Result<> check_stateless(const Host& host, std::string_view what) {
  if (host.is_container() || !is_true(get_or(host.expanded_config(), "migration.stateful"))) return {};
  return fail(Code::invalid, "{} cannot be used when migration.stateful is enabled", what);
}

Result<> check_present(const std::string& address) {
  if (address.empty() || std::filesystem::exists(function_folder(address))) return {};
  return fail(Code::invalid, "Invalid PCI address (no device found): {}", address);
}

}  // namespace device
