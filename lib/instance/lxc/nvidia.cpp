#include "instance/lxc/nvidia.h"

#include <cstdlib>
#include <filesystem>

#include "sys/spawn.h"

namespace instance::lxc {

Result<std::vector<std::pair<std::string, std::string>>> nvidia_items(const RunSpec& spec) {
  std::vector<std::pair<std::string, std::string>> out;
  if (!is_true(get_or(spec.config, "nvidia.runtime"))) return out;
  const char* folder = getenv("INCUS_LXC_HOOK");
  std::string hook = std::string(folder && *folder ? folder : "/usr/share/lxc/hooks") + "/nvidia";
  if (!std::filesystem::exists(hook)) return fail(Code::unsupported, "The NVIDIA LXC hook couldn't be found ({})", hook);
  if (!sys::find_program("nvidia-container-cli")) return fail(Code::unsupported, "The NVIDIA container tools couldn't be found: install nvidia-container-cli");
  StringList devices;
  for (const device::RunConfig& run : spec.devices) devices.insert(devices.end(), run.nvidia_devices.begin(), run.nvidia_devices.end());
  auto tell = [&](const char* name, const std::string& value) {
    if (!value.empty()) out.emplace_back("lxc.environment", std::format("\"{}={}\"", name, value));
  };
  tell("NVIDIA_VISIBLE_DEVICES", devices.empty() ? "none" : join(devices, ","));
  tell("NVIDIA_DRIVER_CAPABILITIES", get_or(spec.config, "nvidia.driver.capabilities", "compute,utility"));
  tell("NVIDIA_REQUIRE_CUDA", get_or(spec.config, "nvidia.require.cuda"));
  tell("NVIDIA_REQUIRE_DRIVER", get_or(spec.config, "nvidia.require.driver"));
  out.emplace_back("lxc.hook.mount", hook);
  return out;
}

}  // namespace instance::lxc
