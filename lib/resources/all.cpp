// The whole inventory, kept for a short time.
#include <chrono>
#include <mutex>

#include "resources/resources.h"

namespace resources {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds kKept{10};

std::mutex mutex;
std::shared_ptr<const api::Resources> kept;
Clock::time_point kept_since;

}  // namespace

Result<std::shared_ptr<const api::Resources>> all() {
  std::lock_guard guard(mutex);
  if (kept && Clock::now() - kept_since < kKept) return kept;
  auto found = std::make_shared<api::Resources>();
  found->cpu = TRY_CTX(cpu(), "Failed to retrieve CPU information");
  found->memory = TRY_CTX(memory(), "Failed to retrieve memory information");
  found->gpu = TRY_CTX(gpu(), "Failed to retrieve GPU information");
  found->network = TRY_CTX(network(), "Failed to retrieve network information");
  found->storage = TRY_CTX(storage(), "Failed to retrieve storage information");
  found->usb = TRY_CTX(usb(), "Failed to retrieve USB information");
  found->pci = TRY_CTX(pci(), "Failed to retrieve PCI information");
  found->system = TRY_CTX(system(), "Failed to retrieve system information");
  found->load = TRY_CTX(load(), "Failed to retrieve load information");
  found->serial = TRY_CTX(serial(), "Failed to retrieve serial information");
  kept = found;
  kept_since = Clock::now();
  return kept;
}

}  // namespace resources
