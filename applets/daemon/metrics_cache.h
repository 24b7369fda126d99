// Measurements of instances, kept for some seconds: several scrapers cost no more than one.
#pragma once
#include <map>
#include <mutex>

#include "base/context.h"
#include "core/metrics.h"

namespace instance { class Instance; }

namespace incusd {

/// Thread-safe; measuring happens under the lock, so that scrapers at the same time share one measurement.
class MetricsCache {
 public:
  /// What `metrics_of` says now, or said less than 8 seconds ago.
  core::MetricSet of(const Context& ctx, instance::Instance& instance);

 private:
  struct Entry {
    Clock::time_point taken;
    core::MetricSet metrics;
  };
  std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, Entry> entries_;  ///< by project and name
};

}  // namespace incusd
