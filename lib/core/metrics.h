// Measurements in the OpenMetrics text format (wire.md, section 8).
#pragma once
#include <map>
#include <string>
#include <vector>

#include "base/strings.h"

namespace core {

enum class Metric : int {
#define METRIC(symbol, name, type, help) symbol,
#include "core/metrics.def"
#undef METRIC
};

class MetricSet {
 public:
  /// Every sample added from now on also carries these.
  void set_common_labels(StringMap labels) { common_ = std::move(labels); }
  void add(Metric metric, double value, StringMap labels = {});
  void merge(const MetricSet& other);
  bool has(Metric metric) const { return samples_.contains(metric); }
  std::string render() const;

 private:
  struct Sample {
    StringMap labels;
    double value;
  };
  StringMap common_;
  std::map<Metric, std::vector<Sample>> samples_;
};

}  // namespace core
