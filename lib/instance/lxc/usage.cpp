// What a container uses, read from outside: control group files and its network namespace by id. Nothing here waits for the guest.
#include <net/if.h>

#include <filesystem>

#include "core/link_state.h"
#include "instance/lxc/container_impl.h"
#include "sys/cpu_set.h"
#include "sys/netlink.h"
#include "sys/proc.h"

namespace instance::lxc {
namespace {

void read_cpu(const sys::Cgroup& group, api::InstanceStateCPU& out) {
  if (!sys::cgroup_supports("cpu")) return;
  out.usage = group.read_table("cpu.stat")["usage_usec"] * 1000;
  auto cpus = static_cast<int64_t>(effective_cpus(group));
  if (cpus == 0) return;
  StringList limit = split(group.read("cpu.max").value_or("max 100000"), ' ');
  auto quota = parse_int(limit[0]);
  int64_t period = limit.size() > 1 ? parse_int(limit[1]).value_or(0) : 0;
  constexpr int64_t kSecond = 1'000'000'000;
  out.allocated_time = quota && period > 0 ? kSecond * *quota / period : cpus * kSecond;
}

void read_memory(const sys::Cgroup& group, api::InstanceStateMemory& out) {
  if (!sys::cgroup_supports("memory")) return;
  int64_t total = sys::meminfo("MemTotal");
  out.usage = group.read_number("memory.current").value_or(0);
  out.usage_peak = group.read_number("memory.peak").value_or(0);
  out.total = std::min(group.read_number("memory.max").value_or(total), total);
  if (!sys::cgroup_supports("memory.swap")) return;
  out.swap_usage = group.read_number("memory.swap.current").value_or(0);
  out.swap_usage_peak = group.read_number("memory.swap.peak").value_or(0);
}

/// All processes of a group and the groups below: for kernels where the pids controller isn't ours.
int64_t count_processes(const std::string& folder) {
  auto list = read_file(folder + "/cgroup.procs");
  int64_t count = list ? std::ranges::count(*list, '\n') : 0;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (entry.is_directory(error)) count += count_processes(entry.path());
  }
  return count;
}

}  // namespace

size_t effective_cpus(const sys::Cgroup& group) {
  auto cpus = sys::parse_cpu_set(std::string(trim(group.read("cpuset.cpus.effective").value_or(""))));
  return cpus ? cpus->size() : 0;
}

void Container::observe(const Context&, api::InstanceState& out) const {
  if (auto group = impl_->running_cgroup()) {
    read_cpu(*group, out.cpu);
    read_memory(*group, out.memory);
    // Of version 1 the group holds only what init started.
    auto counted = sys::cgroup_supports("pids") && !sys::cgroup_is_legacy("pids") ? group->read_number("pids.current") : std::nullopt;
    out.processes = counted ? *counted : count_processes(group->path());
  }
  if (auto network = network_state()) out.network = std::move(*network);
}

Result<std::map<std::string, api::InstanceStateNetwork>> Container::network_state() const {
  pid_t init = 0;
  TRY(impl_->running_init(&init));
  sys::Netlink netlink = TRY(sys::Netlink::open());
  std::map<std::string, api::InstanceStateNetwork> result;
  for (const sys::Link& link : TRY(netlink.links_of(init))) {
    api::InstanceStateNetwork state = core::link_state(link);
    char host_name[IF_NAMESIZE];
    // The peer's index counts in our namespace only if the kernel says the peer is in another one than the link.
    if (link.parent_index > 0 && link.link_netnsid >= 0 && if_indextoname(static_cast<unsigned>(link.parent_index), host_name)) state.host_name = host_name;
    result[link.name] = std::move(state);
  }
  return result;
}

}  // namespace instance::lxc
