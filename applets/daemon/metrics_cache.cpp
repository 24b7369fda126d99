#include "applets/daemon/metrics_cache.h"

#include "instance/metrics.h"

namespace incusd {
namespace {

/// As long as upstream's: scrapers that ask every 15 s always get fresh values.
constexpr seconds kFresh{8};

}  // namespace

core::MetricSet MetricsCache::of(const Context& ctx, instance::Instance& instance) {
  std::lock_guard guard(mutex_);
  Clock::time_point now = Clock::now();
  auto key = std::pair(instance.project(), instance.name());
  if (auto found = entries_.find(key); found != entries_.end() && now < found->second.taken + kFresh) return found->second.metrics;
  std::erase_if(entries_, [&](const auto& entry) { return now >= entry.second.taken + kFresh; });
  core::MetricSet metrics = instance::metrics_of(ctx, instance);
  entries_[key] = {now, metrics};
  return metrics;
}

}  // namespace incusd
