// MIG: a part of an NVIDIA card, made by the host's admin, for containers. NVIDIA's runtime brings it in (nvidia.runtime).
#include <filesystem>

#include "device/gpu.h"
#include "device/gpu_keys.h"
#include "device/roles.h"

namespace device::gpu {
namespace {

class Mig : public Gpu, public FixedAtStart {
 public:
  using Gpu::Gpu;

  bool fixed() const override { return true; }
  Result<> validate() override {
    TRY(check_for_containers(host_));
    TRY(check_selection(kMigKeys));
    if (value("mig.uuid").empty()) {
      if (value("mig.gi").empty() || value("mig.ci").empty()) return fail(Code::invalid, "Either \"mig.uuid\" or both \"mig.gi\" and \"mig.ci\" must be set");
      return {};
    }
    for (const char* other : {"mig.gi", "mig.ci"})
      if (!value(other).empty()) return fail(Code::invalid, "Cannot use {} when \"mig.uuid\" is set", quote(other));
    return {};
  }

  Result<RunConfig> start(const Context&) override {
    if (!is_true(get_or(host_.expanded_config(), "nvidia.runtime"))) return fail(Code::invalid, "nvidia.runtime must be set to true for MIG GPUs to work");
    TRY(check_environment());
    api::ResourcesGPUCard card = TRY(selected_card("More than one GPU matched the MIG device"));
    if (!card.nvidia) return fail(Code::invalid, "Card isn't a NVIDIA GPU or driver isn't properly setup");
    RunConfig out;
    out.nvidia_devices.push_back(TRY(part_of(*card.nvidia)));
    return out;
  }

  Result<> stop(const Context&) override { return {}; }

 private:
  /// As NVIDIA's tools name it: "MIG-<uuid>", of old "MIG-<uuid of the card>/<gi>/<ci>". Errors: invalid.
  Result<std::string> part_of(const api::ResourcesGPUCardNvidia& card) const {
    if (std::string uuid = value("mig.uuid"); !uuid.empty()) return uuid.starts_with("MIG-") ? uuid : "MIG-" + uuid;
    StringList numbers = split(card.card_device, ':', 2);
    if (numbers.size() != 2) return fail(Code::invalid, "Bad NVIDIA GPU (couldn't find ID)");
    if (!std::filesystem::exists(std::format("/proc/driver/nvidia/capabilities/gpu{}/mig/gi{}/ci{}/access", numbers[1], value("mig.gi"), value("mig.ci"))))
      return fail(Code::invalid, "MIG device gi={} ci={} doesn't exist on GPU {}", value("mig.gi"), value("mig.ci"), numbers[1]);
    return std::format("MIG-{}/{}/{}", card.uuid, value("mig.gi"), value("mig.ci"));
  }
};

}  // namespace

std::unique_ptr<Device> create_mig(Services&, Host& host, const std::string& name, const StringMap& config) { return std::make_unique<Mig>(host, name, config); }

}  // namespace device::gpu
