#include "instance/qemu/eject.h"

#include <algorithm>

#include "base/log.h"
#include "device/disk_machine.h"
#include "instance/devices.h"
#include "instance/qemu/plug.h"
#include "instance/update.h"

namespace instance::qemu {
namespace {

constexpr seconds kPatience{60};

Result<> take_out(const Context& ctx, const InstancePtr& instance, const std::string& id) {
  auto lock = TRY(instance->lock(ctx));
  ViewPtr view = instance->view();
  auto found = std::ranges::find_if(view->devices, [&](const auto& device) { return device_id(device.first) == id; });
  if (!instance->running() || found == view->devices.end() || get_or(found->second, "type") != "disk") return {};
  const auto& [name, config] = *found;
  std::string source = get_or(config, "source");
  bool made = source == device::kAgentDrive || source == device::kCloudInitDrive;
  if (!made && view->row.devices.contains(name)) {
    auto row = view->row;
    row.devices[name]["attached"] = "false";
    return update_locked(Job{.ctx = ctx}, instance, std::move(row), false);
  }
  TRY(detach(ctx, instance, name));
  return instance->volatile_set({{"volatile.vm.needs_reset", "true"}});
}

}  // namespace

void eject(const InstancePtr& instance, const std::string& id) {
  Context ctx = Context::detached(kPatience);
  auto done = take_out(ctx, instance, id);
  if (!done) log_warn("A drive that the guest let go stays", {{"instance", instance->full_name()}, {"drive", id}, {"error", done.error().message()}});
}

}  // namespace instance::qemu
