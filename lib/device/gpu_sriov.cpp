// Virtual functions of a card, each of which is a card of its own for a virtual machine.
#include <mutex>

#include "device/gpu.h"
#include "device/gpu_keys.h"
#include "device/numa_choice.h"
#include "device/pass_through.h"
#include "device/roles.h"

namespace device::gpu {
namespace {

/// Between looking for a free function and taking it, one at a time.
std::mutex& functions_lock() {
  static std::mutex mutex;
  return mutex;
}

struct Free {
  std::string parent;
  unsigned number = 0;
};

class VirtualFunctions : public Gpu, public FixedAtStart {
 public:
  using Gpu::Gpu;

  bool fixed() const override { return true; }
  Result<> validate() override {
    TRY(check_for_machines(host_));
    return check_selection(kSriovKeys);
  }

  Result<RunConfig> start(const Context& ctx) override {
    TRY(check_environment());
    TRY(load_vfio(ctx));
    std::lock_guard guard(functions_lock());
    Free free = TRY(choose());
    TRY(save({{"last_state.pci.parent", free.parent}, {"last_state.vf.id", std::to_string(free.number)}, {"last_state.created", "false"}}));
    TRY(PassThrough(host_, name_).take(ctx, TRY(virtual_function(free.parent, free.number))));
    return plugged();
  }

  Result<RunConfig> plugged() override {
    RunConfig out;
    auto entry = PassThrough(host_, name_).taken();
    if (!entry) return out;
    entry->gpu = true;
    out.pcis.push_back(std::move(*entry));
    return out;
  }

  Result<> stop(const Context& ctx) override {
    auto outcome = PassThrough(host_, name_).give_back(ctx);
    TRY(save({{"last_state.pci.parent", ""}, {"last_state.vf.id", ""}, {"last_state.created", ""}}));
    return outcome;
  }

 private:
  /// The least loaded card that is meant, near the memory where limits.cpu.nodes says which. Errors: invalid.
  Result<Free> choose() const {
    auto cards = TRY(selected_cards());
    NumaChoice choice(host_.expanded_config());
    Free best;
    for (const api::ResourcesGPUCard& card : cards) {
      if (!card.sriov) continue;
      auto free = free_functions(card.pci_address);
      if (!free.empty() && choice.better(card.numa_node, static_cast<double>(free.size()) / static_cast<double>(card.sriov->current_vfs))) best = {card.pci_address, free[0]};
    }
    if (best.parent.empty()) return fail(Code::invalid, "Couldn't find a matching GPU with available VFs");
    return best;
  }
};

}  // namespace

std::unique_ptr<Device> create_sriov(Services&, Host& host, const std::string& name, const StringMap& config) { return std::make_unique<VirtualFunctions>(host, name, config); }

}  // namespace device::gpu
