// Mediated devices: a card's driver makes a card of its own for a virtual machine. Linux: Documentation/driver-api/vfio-mediated-device.rst.
#include <filesystem>
#include <mutex>

#include "base/encode.h"
#include "base/log.h"
#include "device/gpu.h"
#include "device/gpu_keys.h"
#include "device/pass_through.h"
#include "device/roles.h"

namespace device::gpu {
namespace {

/// Between looking for a free place and taking it, one at a time.
std::mutex& places_lock() {
  static std::mutex mutex;
  return mutex;
}

std::string mediated_folder(const std::string& uuid) { return "/sys/bus/mdev/devices/" + uuid; }

class Mediated : public Gpu, public FixedAtStart {
 public:
  using Gpu::Gpu;

  bool fixed() const override { return true; }
  Result<> validate() override {
    TRY(check_for_machines(host_));
    return check_selection(kMdevKeys);
  }

  Result<RunConfig> start(const Context&) override {
    TRY(check_environment());
    std::lock_guard guard(places_lock());
    api::ResourcesGPUCard card = TRY(selected_card("VMs cannot match multiple GPUs per device"));
    std::string address = TRY(free_parent(card)), uuid = saved("vgpu.uuid");
    PciFunction function = TRY_CTX(function_at(address), "Failed to get PCI device info for GPU {}", quote(address));
    bool exists = !uuid.empty() && std::filesystem::exists(function_folder(address) + "/" + uuid);
    if (!exists) uuid = random_uuid();
    // First: what a killed daemon made must be known to the next one.
    TRY(save({{"last_state.pci.slot.name", function.address}, {"last_state.pci.driver", function.driver}, {"vgpu.uuid", uuid}}));
    if (!exists) TRY_CTX(write_attribute(std::format("{}/mdev_supported_types/{}/create", function_folder(address), value("mdev")), uuid), "Failed to create virtual gpu {}", quote(uuid));
    return plugged();
  }

  Result<RunConfig> plugged() override {
    RunConfig out;
    if (std::string uuid = saved("vgpu.uuid"); !uuid.empty())
      out.pcis.push_back({.device = name_, .address = saved("last_state.pci.slot.name"), .mdev = uuid, .gpu = true});
    return out;
  }

  Result<> stop(const Context&) override {
    std::string folder = mediated_folder(saved("vgpu.uuid"));
    if (!saved("vgpu.uuid").empty() && std::filesystem::exists(folder))
      if (auto removed = write_attribute(folder + "/remove", "1\n"); !removed) log_error("Failed to remove vgpu", {{"device", name_}, {"error", removed.error().message()}});
    return save({{"last_state.pci.slot.name", ""}, {"last_state.pci.driver", ""}, {"vgpu.uuid", ""}});
  }

 private:
  /// The card, or one of its virtual functions, that has room for one more of the profile. Errors: invalid.
  Result<std::string> free_parent(const api::ResourcesGPUCard& card) const {
    bool known = card.mdev.contains(value("mdev"));
    if (known && card.mdev.at(value("mdev")).available > 0) return card.pci_address;
    if (!known && card.sriov)
      for (const api::ResourcesGPUCard& function : card.sriov->vfs) {
        auto found = function.mdev.find(value("mdev"));
        if (found == function.mdev.end()) continue;
        known = true;
        if (found->second.available > 0) return function.pci_address;
      }
    if (!known) return fail(Code::invalid, "Invalid mdev profile {}", quote(value("mdev")));
    return fail(Code::invalid, "No available mdev for profile {}", quote(value("mdev")));
  }
};

}  // namespace

std::unique_ptr<Device> create_mdev(Services&, Host& host, const std::string& name, const StringMap& config) { return std::make_unique<Mediated>(host, name, config); }

}  // namespace device::gpu
