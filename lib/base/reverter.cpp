#include "base/reverter.h"

#include <iterator>

#include "base/log.h"

void Reverter::take(Reverter&& other) {
  steps_.insert(steps_.end(), std::make_move_iterator(other.steps_.begin()), std::make_move_iterator(other.steps_.end()));
  other.steps_.clear();
}

void Reverter::revert() {
  auto steps = std::exchange(steps_, {});
  for (auto it = steps.rbegin(); it != steps.rend(); ++it) {
    auto done = it->step(Context::detached(seconds(30)));
    if (!done) log_warn("Failed to undo", {{"step", it->what}, {"err", done.error().message()}});
  }
}
