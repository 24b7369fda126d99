#include "core/metrics.h"

#include <cmath>
#include <format>

namespace core {
namespace {

struct Description {
  std::string_view name, type, help;
};
constexpr Description kDescriptions[] = {
#define METRIC(symbol, name, type, help) {name, type, help},
#include "core/metrics.def"
#undef METRIC
};

void append_labels(std::string& out, const StringMap& labels) {
  if (labels.empty()) return;
  out += '{';
  bool first = true;
  for (const auto& [name, value] : labels) {
    if (!first) out += ',';
    first = false;
    out += name + "=\"";
    for (char c : value) {
      if (c == '\n') out += "\\n";
      else if (c == '"' || c == '\\') out += {'\\', c};
      else out += c;
    }
    out += '"';
  }
  out += '}';
}

/// Whole numbers without a fraction; large ones as scrapers of Go programs know them.
std::string number(double value) {
  if (value == std::floor(value) && std::fabs(value) < 1e15) return std::format("{}", static_cast<int64_t>(value));
  return std::format("{}", value);
}

}  // namespace

void MetricSet::add(Metric metric, double value, StringMap labels) {
  labels.insert(common_.begin(), common_.end());
  samples_[metric].push_back({std::move(labels), value});
}

void MetricSet::merge(const MetricSet& other) {
  for (const auto& [metric, samples] : other.samples_) {
    auto& own = samples_[metric];
    own.insert(own.end(), samples.begin(), samples.end());
  }
}

std::string MetricSet::render() const {
  std::string out;
  for (const auto& [metric, samples] : samples_) {
    const Description& text = kDescriptions[static_cast<int>(metric)];
    out += std::format("# HELP {0} {1}.\n# TYPE {0} {2}\n", text.name, text.help, text.type);
    for (const Sample& sample : samples) {
      out += text.name;
      append_labels(out, sample.labels);
      out += ' ' + number(sample.value) + '\n';
    }
  }
  return out + "# EOF\n";
}

}  // namespace core
