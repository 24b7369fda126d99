// What the machine has: processors, memory, cards, disks, devices; read from sysfs and procfs.
#pragma once
#include <memory>

#include "api/types/resource.h"
#include "base/result.h"

namespace resources {

/// Everything; kept for 10 seconds, since clients ask in bursts. A part that can't be read is an error naming it. Thread-safe; blocks.
Result<std::shared_ptr<const api::Resources>> all();

Result<api::ResourcesCPU> cpu();
Result<api::ResourcesMemory> memory();
Result<api::ResourcesGPU> gpu();
Result<api::ResourcesNetwork> network();
Result<api::ResourcesStorage> storage();
Result<api::ResourcesUSB> usb();
Result<api::ResourcesPCI> pci();
Result<api::ResourcesSystem> system();
Result<api::ResourcesLoad> load();
Result<api::ResourcesSerial> serial();

}  // namespace resources
