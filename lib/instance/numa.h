// NUMA nodes: which CPUs belong to which, and which node an instance gets that leaves the choice to us. numa(7).
#pragma once
#include <map>
#include <vector>

#include "instance/manager.h"

namespace instance {

using NumaNodes = std::map<int, std::vector<int>>;

/// The host's nodes that have CPUs, and these. A kernel without NUMA has none.
NumaNodes numa_nodes();

/// limits.cpu.nodes of an instance, "balanced" resolved; empty: any.
std::vector<int> nodes_of(const View& view);

/// The nodes with the fewest users (the first of equals), as many as have `cpus` CPUs between them, and at least one.
std::vector<int> choose_nodes(const NumaNodes& nodes, const std::map<int, int>& users, unsigned cpus);

/// Where limits.cpu.nodes is "balanced": chooses nodes for the instance, which is about to start, and records them. The caller holds its lock.
Result<> balance_nodes(const InstancePtr& instance);

}  // namespace instance
