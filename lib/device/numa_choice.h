// Which of several cards is near the memory of an instance (limits.cpu.nodes), and of those the one with the most to give.
#pragma once
#include <set>
#include <vector>

#include "base/strings.h"

namespace device {

/// limits.cpu.nodes, where "balanced" means what was chosen (volatile.cpu.nodes); empty: any.
std::vector<int> wanted_nodes(const StringMap& config, const StringMap& volatiles);

class NumaChoice {
 public:
  /// `config`: expanded config of the instance.
  explicit NumaChoice(const StringMap& config);
  /// Is a card on `node`, of which the part `free` is unused, better than the best before? Then it is the best.
  bool better(uint64_t node, double free);

 private:
  int distance(uint64_t node) const;
  std::set<uint64_t> wanted_, near_;  ///< near: other nodes of the same sockets
  int best_distance_ = -1;
  double best_free_ = 0;
};

}  // namespace device
