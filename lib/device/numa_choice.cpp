#include "device/numa_choice.h"

#include "resources/resources.h"
#include "sys/cpu_set.h"

namespace device {
namespace {

/// The nodes of all sockets that have one of `nodes`.
std::set<uint64_t> nodes_of_sockets(const std::set<uint64_t>& nodes) {
  std::set<uint64_t> out;
  auto cpus = resources::cpu();
  for (const api::ResourcesCPUSocket& socket : cpus ? cpus->sockets : std::vector<api::ResourcesCPUSocket>()) {
    std::set<uint64_t> all;
    for (const auto& core : socket.cores)
      for (const auto& thread : core.threads) all.insert(thread.numa_node);
    if (std::ranges::any_of(all, [&](uint64_t node) { return nodes.contains(node); })) out.merge(all);
  }
  return out;
}

}  // namespace

std::vector<int> wanted_nodes(const StringMap& config, const StringMap& volatiles) {
  std::string nodes = get_or(config, "limits.cpu.nodes");
  if (nodes == "balanced") nodes = get_or(volatiles, "volatile.cpu.nodes");
  return nodes.empty() ? std::vector<int>() : sys::parse_cpu_set(nodes).value_or(std::vector<int>());
}

NumaChoice::NumaChoice(const StringMap& config) {
  std::vector<int> nodes = wanted_nodes(config, config);
  wanted_.insert(nodes.begin(), nodes.end());
  if (!wanted_.empty()) near_ = nodes_of_sockets(wanted_);
}

int NumaChoice::distance(uint64_t node) const { return wanted_.empty() || wanted_.contains(node) ? 0 : near_.contains(node) ? 1 : 2; }

bool NumaChoice::better(uint64_t node, double free) {
  int away = distance(node);
  if (best_distance_ >= 0 && (away > best_distance_ || (away == best_distance_ && free <= best_free_))) return false;
  best_distance_ = away;
  best_free_ = free;
  return true;
}

}  // namespace device
