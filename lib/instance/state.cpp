#include "instance/state.h"

#include "base/units.h"
#include "instance/lxc/container.h"
#include "instance/render.h"
#include "instance/volume.h"

namespace instance {
namespace {

std::map<std::string, api::InstanceStateDisk> disk_state(const Instance& instance) {
  std::map<std::string, api::InstanceStateDisk> out;
  ViewPtr view = instance.view();
  auto root = root_disk(view->devices);
  if (!root) return out;
  auto pool = instance.services().pools.load(root->pool);
  if (!pool) return out;
  auto usage = (*pool)->usage(volume_of(*view));
  if (usage) out[root->device] = {.usage = *usage, .total = parse_byte_size(get_or(root->config, "size")).value_or(0)};
  return out;
}

}  // namespace

api::InstanceState stopped_state(Status status) {
  api::InstanceState out;
  out.status = status_name(status);
  out.status_code = status_code(status);
  return out;
}

api::InstanceState state_of(const Context& ctx, Instance& instance, bool disk) {
  (void)ctx;
  Status status = instance.status();
  api::InstanceState out = stopped_state(status == Status::running && instance.view()->ready() ? Status::ready : status);
  if (status == Status::running || status == Status::frozen) {
    auto container = instance.container();
    if (auto usage = container->usage()) {
      out.cpu = usage->cpu;
      out.memory = usage->memory;
      out.processes = usage->processes;
    }
    if (auto network = container->network_state()) out.network = std::move(*network);
    out.pid = container->init_pid();
    out.started_at = container->started_at();
  }
  if (disk && status != Status::error) out.disk = disk_state(instance);
  return out;
}

}  // namespace instance
