#include "applets/agent/state.h"

#include <dirent.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>

#include "base/strings.h"
#include "core/link_state.h"
#include "sys/os_release.h"
#include "sys/proc.h"

namespace agent {
namespace {

/// The number behind `key` in lines like "usage_usec 123".
std::optional<int64_t> number_after(const std::string& text, std::string_view key) {
  for (const std::string& line : split(text, '\n')) {
    StringList words = split_list(line, ' ');
    if (words.size() == 2 && words[0] == key) return parse_int(words[1]);
  }
  return std::nullopt;
}

/// Nanoseconds; -1 if unknown.
int64_t cpu_usage() {
  if (auto text = read_file("/sys/fs/cgroup/cpuacct/cpuacct.usage")) return parse_int(trim(*text)).value_or(-1);
  auto micro = number_after(read_file("/sys/fs/cgroup/cpu.stat").value_or(""), "usage_usec");
  if (micro) return *micro * 1000;
  // A system without control groups: the first line of /proc/stat, user nice system, in ticks.
  StringList words = split_list(split(read_file("/proc/stat").value_or(""), '\n', 2)[0], ' ');
  if (words.size() < 4) return -1;
  int64_t ticks = 0;
  for (int column = 1; column <= 3; column++) ticks += parse_int(words[static_cast<size_t>(column)]).value_or(0);
  return ticks * (1'000'000'000 / sysconf(_SC_CLK_TCK));
}

api::InstanceStateMemory memory() {
  api::InstanceStateMemory out;
  out.total = sys::meminfo("MemTotal");
  out.usage = out.total - sys::meminfo("MemFree");
  auto peak = read_file("/sys/fs/cgroup/memory/memory.max_usage_in_bytes");
  if (peak) out.usage_peak = parse_int(trim(*peak)).value_or(0);
  return out;
}

/// The first name of 127.0.0.1 in /etc/hosts.
std::string full_name() {
  for (std::string line : split(read_file("/etc/hosts").value_or(""), '\n')) {
    std::ranges::replace(line, '\t', ' ');
    StringList words = split_list(line.substr(0, line.find('#')), ' ');
    if (words.size() > 1 && words[0] == "127.0.0.1") return words[1];
  }
  return "";
}

api::InstanceStateOSInfo system_names() {
  api::InstanceStateOSInfo out;
  out.os = sys::os_release("NAME");
  out.os_version = sys::os_release("VERSION_ID");
  struct utsname names;
  if (uname(&names) == 0) {
    out.kernel_version = names.release;
    out.hostname = names.nodename;
  }
  out.fqdn = full_name();
  return out;
}

}  // namespace

int64_t count_processes() {
  DIR* folder = opendir("/proc");
  if (!folder) return -1;
  int64_t count = 0;
  while (dirent* entry = readdir(folder)) count += parse_uint(entry->d_name).has_value();
  closedir(folder);
  return count;
}

std::map<std::string, api::InstanceStateNetwork> network_state() {
  std::map<std::string, api::InstanceStateNetwork> out;
  auto netlink = sys::Netlink::open();
  auto links = netlink ? netlink->links() : Result<std::vector<sys::Link>>(std::unexpected(netlink.error()));
  if (!links) return out;
  for (const sys::Link& link : *links) out[link.name] = core::link_state(link);
  return out;
}

api::InstanceState machine_state() {
  api::InstanceState state;
  state.cpu.usage = cpu_usage();
  state.memory = memory();
  state.pid = 1;
  state.processes = count_processes();
  state.os_info = system_names();
  state.network = network_state();
  return state;
}

}  // namespace agent
