#include "applets/agent/metrics.h"

#include <sys/statvfs.h>

#include <algorithm>

#include "api/json.h"
#include "applets/agent/state.h"
#include "base/strings.h"
#include "base/timestamp.h"

namespace agent {
namespace {

constexpr std::string_view kPseudoTypes[] = {
    "autofs", "binfmt_misc", "bpf", "cgroup", "cgroup2", "configfs", "debugfs", "devpts", "devtmpfs", "fusectl", "hugetlbfs", "iso9660", "mqueue",
    "nsfs", "overlay", "proc", "procfs", "pstore", "rpc_pipefs", "securityfs", "selinuxfs", "squashfs", "sysfs", "tracefs"};
constexpr uint64_t kSector = 512;
constexpr double kTicks = 100;  // of /proc/stat, a second

std::vector<StringList> rows_of(const char* file) {
  std::vector<StringList> rows;
  for (const std::string& line : split(read_file(file).value_or(""), '\n')) {
    StringList words = split_list(line, ' ');
    if (!words.empty()) rows.push_back(std::move(words));
  }
  return rows;
}

/// Is this mount one whose fill level says something? (No pseudo file systems, nothing below /dev, /proc and /sys.)
bool is_measured_mount(std::string_view target, std::string_view type) {
  if (std::ranges::find(kPseudoTypes, type) != std::end(kPseudoTypes)) return false;
  for (std::string_view folder : {"/dev", "/proc", "/sys"}) {
    if (target == folder || (target.starts_with(folder) && target[folder.size()] == '/')) return false;
  }
  return !target.starts_with("/var/lib/docker/");
}

Json cpus() {
  struct Column {
    const char* name;
    size_t index;
  };
  static constexpr Column kColumns[] = {
#define CPU_ROW(mode, member, column) {member, column},
#include "api/agent_metrics.def"
#undef CPU_ROW
  };
  Json list = Json::array();
  for (const StringList& row : rows_of("/proc/stat")) {
    if (!row[0].starts_with("cpu") || row[0] == "cpu" || row.size() < 9) continue;
    Json entry = {{"cpu", row[0]}};
    for (const Column& column : kColumns) entry[column.name] = static_cast<double>(parse_uint(row[column.index]).value_or(0)) / kTicks;
    list.push_back(std::move(entry));
  }
  return list;
}

/// Columns of /proc/diskstats: major minor name reads merged sectors ms writes merged sectors …
Json disks() {
  Json list = Json::array();
  for (const StringList& row : rows_of("/proc/diskstats")) {
    if (row.size() < 10) continue;
    auto number = [&](size_t column) { return parse_uint(row[column]).value_or(0); };
    list.push_back({{"device", row[2]}, {"disk_read_bytes", number(5) * kSector}, {"disk_reads_completed", number(3)},
                    {"disk_written_bytes", number(9) * kSector}, {"disk_writes_completed", number(7)}});
  }
  return list;
}

Json filesystems() {
  Json list = Json::array();
  for (const StringList& row : rows_of("/proc/mounts")) {
    struct statvfs info;
    if (row.size() < 3 || !is_measured_mount(row[1], row[2]) || statvfs(row[1].c_str(), &info) != 0) continue;
    uint64_t block = info.f_frsize;
    list.push_back({{"device", row[0]}, {"mountpoint", row[1]}, {"fstype", row[2]}, {"filesystem_avail_bytes", info.f_bavail * block},
                    {"filesystem_free_bytes", info.f_bfree * block}, {"filesystem_size_bytes", info.f_blocks * block}});
  }
  return list;
}

Json memory() {
  struct Row {
    const char *name, *key;
  };
  static constexpr Row kRows[] = {
#define MEMORY_ROW(metric, member, source) {member, source},
#include "api/agent_metrics.def"
#undef MEMORY_ROW
  };
  std::map<std::string, uint64_t> values;
  for (const StringList& row : rows_of("/proc/meminfo")) {
    if (row.size() < 2) continue;
    values[row[0].substr(0, row[0].rfind(':'))] = parse_uint(row[1]).value_or(0) * (row.size() > 2 ? 1024 : 1);
  }
  Json out = Json::object();
  for (const Row& row : kRows) out[row.name] = values[row.key];
  return out;
}

Json networks() {
  Json list = Json::array();
  for (const auto& [name, network] : network_state()) {
    Json entry = {{"device", name}};
#define NETWORK_ROW(metric, member, source) entry[member] = network.counters.source;
#include "api/agent_metrics.def"
#undef NETWORK_ROW
    list.push_back(std::move(entry));
  }
  return list;
}

uint64_t boot_time() {
  for (const StringList& row : rows_of("/proc/stat"))
    if (row.size() > 1 && row[0] == "btime") return parse_uint(row[1]).value_or(0);
  return 0;
}

}  // namespace

std::string machine_metrics() {
  Json processors = cpus();
  Json out = {{"cpus", processors.size()}, {"cpu_seconds_total", std::move(processors)}, {"disk", disks()}, {"filesystem", filesystems()}, {"memory", memory()}, {"network", networks()}};
  out["procs_total"] = count_processes();
  out["boot_time_seconds"] = boot_time();
  out["time_seconds"] = Timestamp::now().seconds;
  return api::dump_json(out);
}

}  // namespace agent
