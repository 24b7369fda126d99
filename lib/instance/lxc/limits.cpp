#include "instance/lxc/limits.h"

#include <algorithm>

#include "base/units.h"
#include "instance/memory_limit.h"
#include "sys/proc.h"

namespace instance::lxc {
namespace {

constexpr int64_t kFullWeight = 100;
constexpr int64_t kDefaultPriority = 10;
constexpr std::string_view kHugepageSizes[] = {"64KB", "1MB", "2MB", "1GB"};

using Settings = std::vector<CgroupSetting>;

/// "50ms/200ms" -> microseconds.
Result<CpuLimits> parse_time_slice(const std::string& allowance) {
  StringList parts = split(allowance, '/', 2);
  auto milliseconds_of = [](std::string_view text) { return parse_int(text.ends_with("ms") ? text.substr(0, text.size() - 2) : text); };
  auto quota = milliseconds_of(parts[0]);
  auto period = parts.size() == 2 ? milliseconds_of(parts[1]) : std::nullopt;
  if (!quota || !period) return fail(Code::invalid, "Invalid allowance: {}", allowance);
  return CpuLimits{.weight = kFullWeight, .quota = *quota * 1000, .period = *period * 1000};
}

Result<> add_cpu(const StringMap& config, bool reset, Settings& settings) {
  std::string allowance = get_or(config, "limits.cpu.allowance"), priority = get_or(config, "limits.cpu.priority");
  if (allowance.empty() && priority.empty() && !reset) return {};
  CpuLimits limits = TRY(parse_cpu_limits(allowance, priority));
  settings.push_back({"cpu.weight", std::to_string(std::max<int64_t>(limits.weight, 1))});
  if (limits.quota >= 0) settings.push_back({"cpu.max", std::format("{} {}", limits.quota, limits.period)});
  else if (reset) settings.push_back({"cpu.max", "max"});
  return {};
}

Result<std::string> swap_limit(const std::string& swap, bool limited) {
  if (!limited) return std::string("max");
  if (swap.empty() || is_true(swap) || is_false(swap)) return std::string("0");
  auto size = parse_byte_size(swap);
  if (!size) return fail(Code::invalid, "Invalid value {} for limits.memory.swap", quote(swap));
  return std::to_string(*size);
}

Result<> add_memory(const StringMap& config, bool reset, bool swap_supported, Settings& settings) {
  std::string memory = get_or(config, "limits.memory"), swap = get_or(config, "limits.memory.swap");
  bool soft = get_or(config, "limits.memory.enforce") == "soft";
  if (memory.empty() && !reset) return {};
  std::string limit = memory.empty() ? "max" : std::to_string(TRY(parse_memory_limit(memory)));
  bool hard = !memory.empty() && !soft;
  if (hard || reset) settings.push_back({"memory.max", hard ? limit : "max"});
  if ((!memory.empty() && soft) || reset) settings.push_back({"memory.high", soft ? limit : "max"});
  if (!swap_supported || !(hard || reset)) return {};
  std::string swap_max = TRY(swap_limit(swap, hard));
  settings.push_back({"memory.swap.max", swap_max, swap.empty()});
  return {};
}

Result<> add_processes(const StringMap& config, bool reset, Settings& settings) {
  std::string processes = get_or(config, "limits.processes");
  if (processes.empty() && !reset) return {};
  if (!processes.empty() && !parse_int(processes)) return fail(Code::invalid, "Invalid value {} for limits.processes", quote(processes));
  settings.push_back({"pids.max", processes.empty() ? "max" : processes});
  return {};
}

Result<> add_disk(const StringMap& config, bool reset, Settings& settings) {
  std::string priority = get_or(config, "limits.disk.priority");
  if (priority.empty() && !reset) return {};
  int64_t weight = priority.empty() ? kFullWeight : parse_int(priority).value_or(-1) * 100;
  if (weight < 0) return fail(Code::invalid, "Invalid value {} for limits.disk.priority", quote(priority));
  settings.push_back({"io.weight", std::to_string(std::max<int64_t>(weight, 10)), priority.empty()});
  return {};
}

Result<> add_hugepages(const StringMap& config, bool reset, Settings& settings) {
  for (std::string_view size : kHugepageSizes) {
    std::string value = get_or(config, std::format("limits.hugepages.{}", size));
    if (value.empty() && !reset) continue;
    auto bytes = value.empty() ? std::optional<int64_t>(0) : parse_byte_size(value);
    if (!bytes) return fail(Code::invalid, "Invalid value {} for limits.hugepages.{}", quote(value), size);
    std::string limit = value.empty() ? "max" : std::to_string(*bytes);
    settings.push_back({std::format("hugetlb.{}.max", size), limit, value.empty()});
    settings.push_back({std::format("hugetlb.{}.rsvd.max", size), limit, true});
  }
  return {};
}

}  // namespace

Result<CpuLimits> parse_cpu_limits(const std::string& allowance, const std::string& priority) {
  auto rank = priority.empty() ? std::optional<int64_t>(kDefaultPriority) : parse_int(priority);
  if (!rank) return fail(Code::invalid, "Invalid CPU priority {}", quote(priority));
  CpuLimits limits;
  if (allowance.ends_with('%')) {
    auto percent = parse_int(allowance.substr(0, allowance.size() - 1));
    if (!percent) return fail(Code::invalid, "Invalid allowance: {}", allowance);
    limits.weight = kFullWeight * *percent / 100;
  } else if (!allowance.empty()) {
    limits = TRY(parse_time_slice(allowance));
  }
  limits.weight = std::max<int64_t>(limits.weight - (kDefaultPriority - *rank), 0);
  return limits;
}

Result<Settings> cgroup_settings(const StringMap& config, bool reset, bool (*supported)(const std::string&)) {
  Settings settings;
  if (supported("cpu")) TRY(add_cpu(config, reset, settings));
  if (supported("memory")) TRY(add_memory(config, reset, supported("memory.swap"), settings));
  if (supported("pids")) TRY(add_processes(config, reset, settings));
  if (supported("io")) TRY(add_disk(config, reset, settings));
  else if (!get_or(config, "limits.disk.priority").empty()) return fail(Code::internal, "Cannot apply limits.disk.priority as blkio.weight cgroup controller is missing");
  if (supported("hugetlb")) TRY(add_hugepages(config, reset, settings));
  return settings;
}

}  // namespace instance::lxc
