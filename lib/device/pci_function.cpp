#include "device/pci_function.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "base/reverter.h"
#include "base/unique_fd.h"
#include "device/host_nodes.h"
#include "sys/module.h"

namespace device {
namespace {

namespace fs = std::filesystem;

constexpr milliseconds kProbeTime{500}, kProbeStep{50};

std::string bus() { return sysfs_folder() + "/bus/pci"; }

bool has_driver(const std::string& address, const std::string& driver) { return fs::exists(bus() + "/drivers/" + driver + "/" + address); }

}  // namespace

Result<> write_attribute(const std::string& path, const std::string& value) {
  UniqueFd file(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file || write(file.get(), value.data(), value.size()) != static_cast<ssize_t>(value.size())) return fail_errno("Failed writing " + path);
  return {};
}

std::string full_address(const std::string& address) { return to_lower(address.size() == 7 ? "0000:" + address : address); }

std::string function_folder(const std::string& address) { return bus() + "/devices/" + address; }

Result<PciFunction> function_of(const std::string& device_folder) {
  std::string text = TRY(read_file(device_folder + "/uevent"));
  PciFunction out;
  for (const std::string& line : split(text, '\n')) {
    if (line == "DEVTYPE=usb_interface") return PciFunction{.usb = true};
    if (line.starts_with("PCI_SLOT_NAME=")) out.address = line.substr(14);
    if (line.starts_with("DRIVER=")) out.driver = line.substr(7);
  }
  if (out.address.empty()) return fail(Code::internal, "{} is not a PCI device", device_folder);
  return out;
}

Result<std::string> iommu_group(const std::string& address) {
  std::error_code error;
  std::string group = fs::read_symlink(function_folder(address) + "/iommu_group", error).filename();
  if (group.empty())
    return fail(Code::unsupported, "The PCI device {} is in no IOMMU group, without which virtual machines cannot have it: switch the IOMMU on in the host's firmware and kernel", address);
  return group;
}

StringList card_functions(const std::string& address) {
  StringList out;
  std::string card = address.substr(0, address.rfind('.') + 1);
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(function_folder(address) + "/iommu_group/devices", error))
    if (std::string name = entry.path().filename(); name.starts_with(card)) out.push_back(name);
  if (out.empty()) out.push_back(address);
  std::ranges::sort(out);
  return out;
}

std::vector<unsigned> free_functions(const std::string& parent) {
  std::vector<unsigned> out;
  auto count = parse_uint(trim(read_file(function_folder(parent) + "/sriov_numvfs").value_or("")));
  for (unsigned number = 0; number < count.value_or(0); number++)
    if (auto function = virtual_function(parent, number); function && function->driver.empty()) out.push_back(number);
  return out;
}

Result<> load_vfio(const Context& ctx) {
  if (fs::exists(bus() + "/drivers/" + kVfioDriver)) return {};
  TRY_CTX(sys::load_module(ctx, kVfioDriver), "Error loading {} module", quote(kVfioDriver));
  return {};
}

Result<> unbind(const std::string& address) {
  auto done = write_attribute(function_folder(address) + "/driver/unbind", address);
  bool unbound = fs::exists(function_folder(address)) && !fs::exists(function_folder(address) + "/driver");
  if (!done && !unbound) return Failure(std::move(done).error().wrap(std::format("Failed unbinding device {}", quote(address))));
  return {};
}

Result<> prefer_driver(const std::string& address, const std::string& driver) {
  // The line's end makes it a value where there is no driver.
  TRY_CTX(write_attribute(function_folder(address) + "/driver_override", driver + "\n"), "Failed setting driver override {} for device {}", quote(driver), quote(address));
  return {};
}

Result<> probe(const std::string& address) {
  TRY_CTX(write_attribute(bus() + "/drivers_probe", address), "Failed probing device {}", quote(address));
  return {};
}

Result<> give_to_driver(const Context& ctx, const PciFunction& function, const std::string& driver) {
  if (!driver.empty() && has_driver(function.address, driver)) return {};
  Reverter undo;
  TRY(unbind(function.address));
  undo.add("give back " + function.address, [function](const Context&) -> Result<> {
    TRY(unbind(function.address));
    TRY(prefer_driver(function.address, function.driver));
    return probe(function.address);
  });
  TRY(prefer_driver(function.address, driver));
  TRY(probe(function.address));
  Context patient = ctx.with_timeout(kProbeTime);
  while (!driver.empty() && !has_driver(function.address, driver)) {
    if (patient.sleep(kProbeStep)) continue;
    TRY(ctx.check());
    return fail(Code::timeout, "The driver {} did not take device {}", driver, function.address);
  }
  undo.commit();
  return {};
}

}  // namespace device
