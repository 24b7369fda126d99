// Which CPUs instances run on: limits.cpu names them, or says how many; then the least used ones are taken, so that load spreads.
#pragma once
#include <map>
#include <vector>

#include "base/result.h"

namespace instance {

class Manager;

/// What one running instance asks for.
struct CpuWish {
  int64_t instance = 0;
  std::string limit;         ///< limits.cpu: a number of CPUs, or a set; empty: all of `nodes`
  std::vector<int> of_nodes; ///< CPUs of limits.cpu.nodes; empty: any
};

/// The CPUs of each instance. Those that name theirs are served first; the others, largest first, get the CPUs with the fewest instances on them.
/// CPUs that aren't in `cpus` are left out. Errors: invalid limits.
Result<std::map<int64_t, std::vector<int>>> balance_cpus(const std::vector<int>& cpus, std::vector<CpuWish> wishes);

/// Gives all running instances their CPUs, as far as their runtimes can. Errors are logged: nothing depends on it.
void rebalance_cpus(Manager& manager);

}  // namespace instance
