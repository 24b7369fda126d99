#include "device/numa_choice.h"

#include "resources/resources.h"

namespace device {
namespace {

constexpr uint64_t kMaxNodes = 1024;  ///< of Linux

/// "0-1,3"
std::set<uint64_t> parse_nodes(const std::string& text) {
  std::set<uint64_t> out;
  for (const std::string& part : split_list(text, ',')) {
    StringList ends = split(part, '-', 2);
    auto first = parse_uint(trim(ends[0])), last = parse_uint(trim(ends.back()));
    for (uint64_t node = first.value_or(1); first && last && node <= std::min(*last, kMaxNodes); node++) out.insert(node);
  }
  return out;
}

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

NumaChoice::NumaChoice(const StringMap& config) {
  std::string nodes = get_or(config, "limits.cpu.nodes");
  if (nodes == "balanced") nodes = get_or(config, "volatile.cpu.nodes");
  wanted_ = parse_nodes(nodes);
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
