#include "instance/instance_types.h"

#include <cmath>
#include <cstdlib>

namespace instance {
namespace {

constexpr double kGibibyte = 1024.0 * 1024.0 * 1024.0;

/// Part of a CPU is a share of the time of a whole one.
void add_cpus(double cpus, StringMap& config) {
  double whole = std::ceil(cpus);
  int share = static_cast<int>(cpus / whole * 100);
  config["limits.cpu"] = std::to_string(static_cast<int64_t>(whole));
  if (share < 100) config["limits.cpu.allowance"] = std::format("{}%", share);
}

}  // namespace

Result<InstanceType> parse_instance_type(const std::string& text) {
  InstanceType out;
  for (const std::string& part : split(text, '-')) {
    if (part.size() < 2 || !std::string_view("cmd").contains(part[0])) return fail(Code::invalid, "Provided instance type doesn't exist: {}", text);
    char* end = nullptr;
    double amount = std::strtod(part.c_str() + 1, &end);
    if (*end != '\0' || !std::isfinite(amount) || amount < 0 || amount > 1e6) return fail(Code::invalid, "Bad custom instance type: {}", text);
    if (amount == 0) continue;
    if (part[0] == 'c') add_cpus(amount, out.config);
    if (part[0] == 'm') out.config["limits.memory"] = std::format("{}MiB", static_cast<int64_t>(amount * 1024));
    if (part[0] == 'd') out.disk_size = static_cast<int64_t>(amount * kGibibyte);
  }
  return out;
}

}  // namespace instance
