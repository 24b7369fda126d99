#include "applets/agent/state.h"

#include <dirent.h>
#include <net/if.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>

#include "base/strings.h"
#include "sys/netlink.h"
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

std::string scope_of(std::string_view address) {
  if (address.starts_with("127") || address == "::1") return "local";
  return address.starts_with("169.254") || address.starts_with("fe80:") ? "link" : "global";
}

std::string type_of(unsigned flags) {
  if (flags & IFF_BROADCAST) return "broadcast";
  if (flags & IFF_LOOPBACK) return "loopback";
  return flags & IFF_POINTOPOINT ? "point-to-point" : "unknown";
}

api::InstanceStateNetwork network_of(const sys::Link& link) {
  api::InstanceStateNetwork out;
  out.hwaddr = link.flags & IFF_LOOPBACK ? "" : link.hwaddr;
  out.mtu = link.mtu;
  out.state = link.flags & IFF_UP ? "up" : "down";
  out.type = type_of(link.flags);
  const auto& stats = link.stats;
  out.counters = {static_cast<int64_t>(stats.rx_bytes), static_cast<int64_t>(stats.tx_bytes), static_cast<int64_t>(stats.rx_packets), static_cast<int64_t>(stats.tx_packets),
                  static_cast<int64_t>(stats.rx_errors), static_cast<int64_t>(stats.tx_errors), static_cast<int64_t>(stats.tx_dropped), static_cast<int64_t>(stats.rx_dropped)};
  for (const auto& address : link.addresses) {
    out.addresses.push_back({.family = address.family == AF_INET ? "inet" : "inet6", .address = address.local, .netmask = std::to_string(address.prefix), .scope = scope_of(address.local)});
  }
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

api::InstanceState machine_state() {
  api::InstanceState state;
  state.cpu.usage = cpu_usage();
  state.memory = memory();
  state.pid = 1;
  state.processes = count_processes();
  state.os_info = system_names();
  auto netlink = sys::Netlink::open();
  auto links = netlink ? netlink->links() : Result<std::vector<sys::Link>>(std::unexpected(netlink.error()));
  if (!links) return state;
  for (const sys::Link& link : *links) state.network[link.name] = network_of(link);
  return state;
}

}  // namespace agent
