#include "instance/metrics.h"

#include <sys/statvfs.h>

#include "instance/state.h"
#include "sys/cgroup.h"

namespace instance {
namespace {

using core::Metric;

/// Bits set in a list like "0-3,8".
int count_cpus(std::string_view list) {
  int count = 0;
  for (const std::string& part : split_list(list)) {
    StringList ends = split(part, '-', 2);
    auto first = parse_int(ends[0]), last = parse_int(ends.back());
    if (first && last) count += static_cast<int>(*last - *first + 1);
  }
  return count;
}

void add_memory(core::MetricSet& set, const sys::Cgroup& group, const api::InstanceState& state) {
  auto stat = group.read_table("memory.stat");
  if (stat.empty()) return;
  struct Row {
    Metric metric;
    const char *key, *second;
  };
  static constexpr Row kRows[] = {
      {Metric::memory_active_anon, "active_anon", nullptr},     {Metric::memory_active_file, "active_file", nullptr},
      {Metric::memory_active, "active_anon", "active_file"},    {Metric::memory_cached, "file", nullptr},
      {Metric::memory_dirty, "file_dirty", nullptr},            {Metric::memory_inactive_anon, "inactive_anon", nullptr},
      {Metric::memory_inactive_file, "inactive_file", nullptr}, {Metric::memory_inactive, "inactive_anon", "inactive_file"},
      {Metric::memory_mapped, "file_mapped", nullptr},          {Metric::memory_rss, "anon", nullptr},
      {Metric::memory_shmem, "shmem", nullptr},                 {Metric::memory_unevictable, "unevictable", nullptr},
      {Metric::memory_writeback, "file_writeback", nullptr},
  };
  for (const Row& row : kRows) set.add(row.metric, static_cast<double>(stat[row.key] + (row.second ? stat[row.second] : 0)));
  if (state.memory.total > 0) {
    set.add(Metric::memory_total, static_cast<double>(state.memory.total));
    set.add(Metric::memory_available, static_cast<double>(state.memory.total - state.memory.usage + stat["file"]));
    set.add(Metric::memory_free, static_cast<double>(state.memory.total - state.memory.usage));
  }
  set.add(Metric::memory_oom_kills, static_cast<double>(group.read_table("memory.events")["oom_kill"]));
  if (auto swap = group.read_number("memory.swap.current")) set.add(Metric::memory_swap, static_cast<double>(*swap));
}

void add_cpu(core::MetricSet& set, const sys::Cgroup& group) {
  constexpr double kMicro = 1e6;
  auto stat = group.read_table("cpu.stat");
  if (stat.contains("system_usec")) {
    set.add(Metric::cpu_seconds, static_cast<double>(stat["system_usec"]) / kMicro, {{"cpu", "0"}, {"mode", "system"}});
    set.add(Metric::cpu_seconds, static_cast<double>(stat["user_usec"]) / kMicro, {{"cpu", "0"}, {"mode", "user"}});
  }
  int cpus = count_cpus(group.read("cpuset.cpus.effective").value_or(""));
  if (cpus == 0) cpus = static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN));
  set.add(Metric::cpus, cpus);
}

/// io.stat: "8:0 rbytes=1 wbytes=2 rios=3 wios=4 …" a line.
void add_disks(core::MetricSet& set, const sys::Cgroup& group) {
  for (const std::string& line : split(group.read("io.stat").value_or(""), '\n')) {
    StringList words = split_list(line, ' ');
    if (words.size() < 2) continue;
    StringMap values;
    for (size_t i = 1; i < words.size(); i++) {
      StringList pair = split(words[i], '=', 2);
      if (pair.size() == 2) values[pair[0]] = pair[1];
    }
    std::string link = read_file("/sys/dev/block/" + words[0] + "/uevent").value_or("");
    size_t at = link.find("DEVNAME=");
    std::string device = at == link.npos ? words[0] : link.substr(at + 8, link.find('\n', at) - at - 8);
    StringMap labels = {{"device", device}};
    auto add = [&](Metric metric, const char* key) { set.add(metric, static_cast<double>(parse_int(get_or(values, key)).value_or(0)), labels); };
    add(Metric::disk_read_bytes, "rbytes");
    add(Metric::disk_reads, "rios");
    add(Metric::disk_written_bytes, "wbytes");
    add(Metric::disk_writes, "wios");
  }
}

void add_root_filesystem(core::MetricSet& set, Instance& instance) {
  struct statvfs info{};
  if (statvfs((instance.path() + "/rootfs").c_str(), &info) != 0) return;
  StringMap labels = {{"device", instance.path()}, {"fstype", "rootfs"}, {"mountpoint", "/"}};
  double block = static_cast<double>(info.f_frsize);
  set.add(Metric::filesystem_avail, block * static_cast<double>(info.f_bavail), labels);
  set.add(Metric::filesystem_free, block * static_cast<double>(info.f_bfree), labels);
  set.add(Metric::filesystem_size, block * static_cast<double>(info.f_blocks), labels);
}

void add_network(core::MetricSet& set, const api::InstanceState& state) {
  for (const auto& [device, network] : state.network) {
    StringMap labels = {{"device", device}};
    const auto& counters = network.counters;
    auto add = [&](Metric metric, int64_t value) { set.add(metric, static_cast<double>(value), labels); };
    add(Metric::network_receive_bytes, counters.bytes_received);
    add(Metric::network_receive_packets, counters.packets_received);
    add(Metric::network_receive_errs, counters.errors_received);
    add(Metric::network_receive_drop, counters.packets_dropped_inbound);
    add(Metric::network_transmit_bytes, counters.bytes_sent);
    add(Metric::network_transmit_packets, counters.packets_sent);
    add(Metric::network_transmit_errs, counters.errors_sent);
    add(Metric::network_transmit_drop, counters.packets_dropped_outbound);
  }
}

}  // namespace

core::MetricSet metrics_of(const Context& ctx, Instance& instance) {
  core::MetricSet set;
  if (!instance.running()) return set;
  api::InstanceState state = state_of(ctx, instance, false);
  auto group = sys::Cgroup::of_process(static_cast<pid_t>(state.pid), "lxc.payload.");
  if (!group) return set;
  ViewPtr view = instance.view();
  set.set_common_labels({{"project", view->row.project}, {"name", view->row.name}, {"type", std::string(type_name(view->type()))}});
  add_memory(set, *group, state);
  add_cpu(set, *group);
  add_disks(set, *group);
  add_root_filesystem(set, instance);
  add_network(set, state);
  set.add(Metric::procs, static_cast<double>(state.processes));
  set.add(Metric::boot_time, static_cast<double>(state.started_at.seconds));
  set.add(Metric::time, static_cast<double>(Timestamp::now().seconds));
  return set;
}

}  // namespace instance
