#include "core/expand.h"

namespace core {

Expanded expand(const std::vector<const db::profiles::Row*>& profiles, const StringMap& config, const api::DevicesMap& devices) {
  Expanded out;
  for (const db::profiles::Row* profile : profiles) {
    for (const auto& [key, value] : profile->config) out.config[key] = value;
    for (const auto& [name, device] : profile->devices) out.devices[name] = device;
  }
  for (const auto& [key, value] : config) out.config[key] = value;
  for (const auto& [name, device] : devices) out.devices[name] = device;
  return out;
}

}  // namespace core
