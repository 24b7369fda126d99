#include "instance/cpu_balance.h"

#include <algorithm>

#include "base/log.h"
#include "instance/numa.h"
#include "sys/cpu_set.h"

namespace instance {
namespace {

std::vector<int> online_cpus() {
  auto text = read_file("/sys/devices/system/cpu/online");
  return text ? sys::parse_cpu_set(std::string(trim(*text))).value_or(std::vector<int>()) : std::vector<int>{};
}

std::vector<int> cpus_of_nodes(const std::vector<int>& nodes) {
  std::vector<int> out;
  NumaNodes all = numa_nodes();
  for (int node : nodes)
    if (auto found = all.find(node); found != all.end()) out.insert(out.end(), found->second.begin(), found->second.end());
  return out;
}

CpuWish wish_of(const Instance& instance) {
  ViewPtr view = instance.view();
  std::string limit = get_or(view->config, "limits.cpu");
  // A topology says nothing about the host's CPUs, nor does the number of those that a machine has: as upstream's, it may run on all.
  if (limit.contains('=') || (view->type() == Type::virtual_machine && parse_uint(limit))) limit.clear();
  return {.instance = view->row.id, .limit = limit, .of_nodes = cpus_of_nodes(nodes_of(*view))};
}

/// The `count` least used of `from`.
std::vector<int> take_least_used(std::vector<int> from, size_t count, std::map<int, int>& users) {
  std::ranges::stable_sort(from, {}, [&](int cpu) { return users[cpu]; });
  from.resize(std::min(count, from.size()));
  std::ranges::sort(from);
  return from;
}

}  // namespace

Result<std::map<int64_t, std::vector<int>>> balance_cpus(const std::vector<int>& cpus, std::vector<CpuWish> wishes) {
  auto usable = [&](std::vector<int> wanted) {
    std::erase_if(wanted, [&](int cpu) { return !std::ranges::contains(cpus, cpu); });
    return wanted;
  };
  std::map<int64_t, std::vector<int>> out;
  std::map<int, int> users;
  std::vector<std::pair<size_t, CpuWish>> counted;
  for (CpuWish& wish : wishes) {
    auto count = parse_uint(wish.limit);
    if (count) {
      counted.emplace_back(*count, std::move(wish));
      continue;
    }
    std::vector<int>& mine = out[wish.instance];
    mine = usable(wish.limit.empty() ? wish.of_nodes : TRY(sys::parse_cpu_set(wish.limit)));
    for (int cpu : mine) users[cpu]++;
  }
  std::ranges::stable_sort(counted, std::ranges::greater{}, [](const auto& one) { return one.first; });
  for (const auto& [count, wish] : counted) {
    std::vector<int>& mine = out[wish.instance];
    mine = take_least_used(wish.of_nodes.empty() ? cpus : usable(wish.of_nodes), count, users);
    for (int cpu : mine) users[cpu]++;
  }
  return out;
}

void rebalance_cpus(Manager& manager) {
  std::vector<InstancePtr> running;
  std::vector<CpuWish> wishes;
  for (const InstancePtr& instance : manager.list()) {
    if (!instance->running()) continue;
    running.push_back(instance);
    CpuWish wish = wish_of(*instance);
    if (!wish.limit.empty() || !wish.of_nodes.empty()) wishes.push_back(std::move(wish));
  }
  auto chosen = balance_cpus(online_cpus(), std::move(wishes));
  if (!chosen) return log_error("Failed balancing CPUs", {{"error", chosen.error().message()}});
  for (const InstancePtr& instance : running) {
    auto given = instance->runtime()->use_cpus((*chosen)[instance->id()]);
    if (!given) log_warn("Failed setting the CPUs of an instance", {{"instance", instance->full_name()}, {"error", given.error().message()}});
  }
}

}  // namespace instance
