#include "instance/state.h"

#include "base/units.h"
#include "instance/render.h"
#include "instance/volume.h"
#include "storage/layout.h"

namespace instance {
namespace {

/// Pools that can't be had just now. Trying takes time, and a list of a thousand instances would try a thousand times.
class Unavailable {
 public:
  bool recently(const std::string& pool) {
    std::lock_guard guard(mutex_);
    auto found = since_.find(pool);
    return found != since_.end() && Clock::now() - found->second < kPause;
  }
  void note(const std::string& pool) {
    std::lock_guard guard(mutex_);
    since_[pool] = Clock::now();
  }

 private:
  static constexpr seconds kPause{1};
  std::mutex mutex_;
  std::map<std::string, Clock::time_point> since_;
};

std::map<std::string, api::InstanceStateDisk> disk_state(const Instance& instance) {
  std::map<std::string, api::InstanceStateDisk> out;
  ViewPtr view = instance.view();
  auto root = root_disk(view->devices);
  if (!root) return out;
  static Unavailable unavailable;
  if (unavailable.recently(root->pool)) return out;
  auto pool = instance.services().pools.load(root->pool);
  if (!pool) {
    unavailable.note(root->pool);
    return out;
  }
  auto usage = (*pool)->usage(volume_of(*view));
  int64_t otherwise = view->type() == Type::virtual_machine ? storage::kDefaultDisk : 0;
  if (usage) out[root->device] = {.usage = *usage, .total = parse_byte_size(get_or(root->config, "size")).value_or(otherwise)};
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
  Status status = instance.status();
  api::InstanceState out = stopped_state(status == Status::running && instance.view()->ready() ? Status::ready : status);
  if (instance.view()->type() == Type::virtual_machine) out.processes = -1;  // unknown, unless its agent says
  if (status == Status::running || status == Status::frozen) {
    auto runtime = instance.runtime();
    runtime->observe(ctx, out);
    out.pid = runtime->init_pid();
    out.started_at = runtime->started_at();
  }
  if (disk && status != Status::error) out.disk.merge(disk_state(instance));
  return out;
}

}  // namespace instance
