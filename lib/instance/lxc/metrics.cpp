// Measurements of a running container from its control group files. Nothing here waits for the guest.
#include <sys/statvfs.h>
#include <unistd.h>

#include "core/metrics.h"
#include "instance/lxc/container_impl.h"

namespace instance::lxc {
namespace {

using core::Metric;

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
  size_t cpus = effective_cpus(group);
  if (cpus == 0) cpus = static_cast<size_t>(sysconf(_SC_NPROCESSORS_ONLN));
  set.add(Metric::cpus, static_cast<double>(cpus));
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

/// `path`: the folder with rootfs/.
void add_root_filesystem(core::MetricSet& set, const std::string& path) {
  struct statvfs info{};
  if (statvfs((path + "/rootfs").c_str(), &info) != 0) return;
  StringMap labels = {{"device", path}, {"fstype", "rootfs"}, {"mountpoint", "/"}};
  double block = static_cast<double>(info.f_frsize);
  set.add(Metric::filesystem_avail, block * static_cast<double>(info.f_bavail), labels);
  set.add(Metric::filesystem_free, block * static_cast<double>(info.f_bfree), labels);
  set.add(Metric::filesystem_size, block * static_cast<double>(info.f_blocks), labels);
}

}  // namespace

void Container::measure(const Context&, const api::InstanceState& state, core::MetricSet& set) const {
  auto group = impl_->running_cgroup();
  if (!group) return;
  add_memory(set, *group, state);
  add_cpu(set, *group);
  add_disks(set, *group);
  add_root_filesystem(set, impl_->paths.lxc_path + "/" + impl_->paths.id);
}

}  // namespace instance::lxc
