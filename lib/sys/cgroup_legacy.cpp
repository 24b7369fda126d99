#include "sys/cgroup_legacy.h"

#include <algorithm>

#include "base/strings.h"

namespace sys::legacy {
namespace {

/// Files that differ in name only. Where 2 says "max", 1 says `unlimited`.
struct Renamed {
  std::string_view file, legacy;
  std::string_view unlimited = {};
};
constexpr Renamed kRenamed[] = {
    {"cpuset.cpus", "cpuset.cpus"},
    {"cpuset.cpus.effective", "cpuset.effective_cpus"},
    {"cpuset.mems", "cpuset.mems"},
    {"memory.current", "memory.usage_in_bytes"},
    {"memory.high", "memory.soft_limit_in_bytes", "-1"},
    {"memory.max", "memory.limit_in_bytes", "-1"},  // written by translate_memory()
    {"memory.peak", "memory.max_usage_in_bytes"},
    {"pids.current", "pids.current"},
    {"pids.max", "pids.max", "max"},
};

/// Version 1 says "no limit" with a number near 2^63.
constexpr int64_t kNoLimit = int64_t{1} << 60;

constexpr std::pair<std::string_view, std::string_view> kThrottles[] = {{"rbps", "blkio.throttle.read_bps_device"},
                                                                        {"wbps", "blkio.throttle.write_bps_device"},
                                                                        {"riops", "blkio.throttle.read_iops_device"},
                                                                        {"wiops", "blkio.throttle.write_iops_device"}};

constexpr std::pair<std::string_view, std::string_view> kMemoryNames[] = {
    {"cache", "file"}, {"rss", "anon"}, {"mapped_file", "file_mapped"}, {"dirty", "file_dirty"}, {"writeback", "file_writeback"}, {"swap", "swap"}, {"rss_huge", "anon_thp"}};

std::string controller_of(const std::string& name) { return name == "blkio" ? "io" : name; }

/// "10 100000" -> quota and period.
std::vector<Setting> translate_cpu_max(const std::string& value) {
  StringList parts = split(value, ' ', 2);
  std::vector<Setting> out;
  if (parts.size() == 2) out.push_back({"cpu.cfs_period_us", parts[1]});
  out.push_back({"cpu.cfs_quota_us", parts[0] == "max" ? "-1" : parts[0]});
  return out;
}

/// "8:0 rbps=1048576 wiops=max"
std::vector<Setting> translate_io_max(const std::string& value) {
  StringList words = split_list(value, ' ');
  std::vector<Setting> out;
  for (size_t i = 1; i < words.size(); ++i) {
    StringList parts = split(words[i], '=', 2);
    for (const auto& [name, file] : kThrottles)
      if (parts.size() == 2 && parts[0] == name) out.push_back({std::string(file), words[0] + " " + (parts[1] == "max" ? "0" : parts[1])});
  }
  return out;
}

/// Version 1 limits memory and swap together.
std::vector<Setting> translate_swap(const std::string& value, const Reader& read) {
  auto memory = parse_int(read("memory.limit_in_bytes").value_or("")), swap = parse_int(value);
  if (value == "max" || !memory || *memory >= kNoLimit || !swap) return {{"memory.memsw.limit_in_bytes", "-1"}};
  return {{"memory.memsw.limit_in_bytes", std::to_string(*memory + *swap)}};
}

/// Memory alone can't be allowed more than both together, so that limit gives way first; the swap allowed stays what it was.
std::vector<Setting> translate_memory(const std::string& value, const Reader& read) {
  std::string limit = value == "max" ? "-1" : value;
  auto memory = parse_int(read("memory.limit_in_bytes").value_or("")), both = parse_int(read("memory.memsw.limit_in_bytes").value_or("")), wanted = parse_int(limit);
  if (!memory || !both || !wanted || *both < 0 || *both >= kNoLimit) return {{"memory.limit_in_bytes", limit}};
  std::string sum = *wanted < 0 ? "-1" : std::to_string(*wanted + std::max<int64_t>(*both - *memory, 0));
  return {{"memory.memsw.limit_in_bytes", "-1"}, {"memory.limit_in_bytes", limit}, {"memory.memsw.limit_in_bytes", sum}};
}

std::optional<std::string> difference(const Reader& read, const char* both, const char* one) {
  auto sum = parse_int(read(both).value_or("")), part = parse_int(read(one).value_or(""));
  if (!sum || !part) return std::nullopt;
  return *sum >= kNoLimit ? "max" : std::to_string(std::max<int64_t>(*sum - *part, 0));
}

/// memory.stat in version 2's words: the totals with all groups below.
std::optional<std::string> memory_stat(const Reader& read) {
  auto text = read("memory.stat");
  if (!text) return std::nullopt;
  std::string out;
  for (const std::string& line : split(*text, '\n')) {
    if (!line.starts_with("total_")) continue;
    StringList parts = split(line.substr(6), ' ', 2);
    for (const auto& [name, ours] : kMemoryNames)
      if (parts[0] == name) parts[0] = ours;
    out += join(parts, " ") + "\n";
  }
  return out;
}

std::optional<std::string> cpu_stat(const Reader& read) {
  auto total = parse_int(read("cpuacct.usage").value_or("")), user = parse_int(read("cpuacct.usage_user").value_or("")), system = parse_int(read("cpuacct.usage_sys").value_or(""));
  if (!total) return std::nullopt;
  return std::format("usage_usec {}\nuser_usec {}\nsystem_usec {}\n", *total / 1000, user.value_or(0) / 1000, system.value_or(0) / 1000);
}

std::optional<std::string> cpu_max(const Reader& read) {
  auto quota = parse_int(read("cpu.cfs_quota_us").value_or("")), period = parse_int(read("cpu.cfs_period_us").value_or(""));
  if (!quota || !period) return std::nullopt;
  return std::format("{} {}", *quota < 0 ? "max" : std::to_string(*quota), *period);
}

std::optional<std::string> memory_events(const Reader& read) {
  auto text = read("memory.oom_control");
  if (!text) return std::nullopt;
  for (const std::string& line : split(*text, '\n'))
    if (line.starts_with("oom_kill ")) return line + "\n";
  return "oom_kill 0\n";
}

/// "8:0 Read 1" lines of two files as "8:0 rbytes=1 wbytes=2 rios=3 wios=4".
std::optional<std::string> io_stat(const Reader& read) {
  std::map<std::string, std::string> devices;
  for (const auto& [file, unit] : {std::pair{"blkio.throttle.io_service_bytes", "bytes"}, std::pair{"blkio.throttle.io_serviced", "ios"}}) {
    for (const std::string& line : split(read(file).value_or(""), '\n')) {
      StringList words = split_list(line, ' ');
      if (words.size() == 3 && (words[1] == "Read" || words[1] == "Write")) devices[words[0]] += std::format(" {}{}={}", words[1] == "Read" ? 'r' : 'w', unit, words[2]);
    }
  }
  std::string out;
  for (const auto& [device, counters] : devices) out += device + counters + "\n";
  return out;
}

struct Computed {
  std::string_view file;
  std::optional<std::string> (*text)(const Reader&);
};
const Computed kComputed[] = {
    {"cpu.max", cpu_max},
    {"cpu.stat", cpu_stat},
    {"io.stat", io_stat},
    {"memory.events", memory_events},
    {"memory.stat", memory_stat},
    {"memory.swap.current", [](const Reader& read) { return difference(read, "memory.memsw.usage_in_bytes", "memory.usage_in_bytes"); }},
    {"memory.swap.max", [](const Reader& read) { return difference(read, "memory.memsw.limit_in_bytes", "memory.limit_in_bytes"); }},
};

/// "hugetlb.2MB.max" -> "hugetlb.2MB.limit_in_bytes"
std::string hugetlb_file(const std::string& file) {
  constexpr std::string_view kReserved = ".rsvd.max", kPlain = ".max";
  if (file.ends_with(kReserved)) return file.substr(0, file.size() - kReserved.size()) + ".rsvd.limit_in_bytes";
  return file.substr(0, file.size() - kPlain.size()) + ".limit_in_bytes";
}

}  // namespace

Folders parse_mounts(const std::string& mounts) {
  Folders out;
  for (const std::string& line : split(mounts, '\n')) {
    StringList fields = split(line, ' ');
    if (fields.size() < 4 || fields[2] != "cgroup") continue;
    for (const std::string& option : split_list(fields[3], ','))
      if (contains({"blkio", "cpu", "cpuacct", "cpuset", "devices", "freezer", "hugetlb", "memory", "net_prio", "pids"}, option)) out[controller_of(option)] = fields[1];
  }
  return out;
}

Folders parse_groups(const std::string& groups, const Folders& mounts, const std::string& marker) {
  Folders out;
  for (const std::string& line : split(groups, '\n')) {
    StringList fields = split(line, ':', 3);
    if (fields.size() != 3) continue;
    size_t start = marker.empty() ? 0 : fields[2].find("/" + marker);
    if (start == std::string::npos) continue;
    std::string path = marker.empty() ? fields[2] : fields[2].substr(0, fields[2].find('/', start + 1));
    for (const std::string& name : split_list(fields[1], ',')) {
      auto mount = mounts.find(controller_of(name));
      if (mount != mounts.end()) out[mount->first] = mount->second + path;
    }
  }
  return out;
}

std::vector<Setting> translate(const std::string& file, const std::string& value, const Reader& read) {
  // Without CPUs of its own a group of version 2 has those of the one above.
  if (file == "cpuset.cpus" && trim(value).empty()) return {{"cpuset.cpus", read("../cpuset.cpus").value_or("")}};
  if (file == "memory.max") return translate_memory(value, read);
  for (const Renamed& row : kRenamed)
    if (row.file == file) return {{std::string(row.legacy), value == "max" && !row.unlimited.empty() ? std::string(row.unlimited) : value}};
  if (file == "cpu.max") return translate_cpu_max(value);
  if (file == "io.max") return translate_io_max(value);
  if (file == "memory.swap.max") return translate_swap(value, read);
  auto weight = parse_int(value);
  if (file == "cpu.weight" && weight) return {{"cpu.shares", std::to_string(std::max<int64_t>(*weight * 1024 / 100, 2))}};
  if (file == "io.weight" && weight) return {{read("blkio.bfq.weight") ? "blkio.bfq.weight" : "blkio.weight", std::to_string(std::clamp<int64_t>(*weight, 10, 1000))}};
  if (file.starts_with("hugetlb.") && file.ends_with(".max")) return {{hugetlb_file(file), value == "max" ? "-1" : value}};
  return {};
}

std::optional<std::string> text_of(const std::string& file, const Reader& read) {
  for (const Renamed& row : kRenamed) {
    if (row.file != file) continue;
    auto text = read(std::string(row.legacy));
    if (!text || row.unlimited != "-1") return text;
    auto number = parse_int(trim(*text));
    return number && *number >= kNoLimit ? "max" : *text;
  }
  for (const Computed& row : kComputed)
    if (row.file == file) return row.text(read);
  return std::nullopt;
}

}  // namespace sys::legacy
