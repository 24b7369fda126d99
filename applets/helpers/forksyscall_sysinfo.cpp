// sysinfo(2) with the limits and usage of the container instead of the host's.
#include <linux/audit.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>

#include "applets/helpers/caller.h"
#include "sys/cgroup.h"
#include "sys/proc.h"

namespace syscalls {
namespace {

/// struct sysinfo of 32-bit programs: sizes in pages.
struct Sysinfo32 {
  int32_t uptime;
  uint32_t loads[3];
  uint32_t totalram, freeram, sharedram, bufferram, totalswap, freeswap;
  uint16_t procs, pad;
  uint32_t totalhigh, freehigh, mem_unit;
  char padding[8];
};
constexpr uint32_t kPage = 4096;

/// The smaller of the group's limit and what the host has.
uint64_t limited(const sys::Cgroup& group, const char* file, uint64_t host) {
  auto limit = group.read_number(file);
  return limit && *limit >= 0 ? std::min(static_cast<uint64_t>(*limit), host) : host;
}

uint64_t rest(uint64_t total, std::optional<int64_t> used) {
  uint64_t taken = used && *used > 0 ? static_cast<uint64_t>(*used) : 0;
  return total > taken ? total - taken : 0;
}

/// All sizes in bytes (mem_unit 1).
std::optional<struct sysinfo> container_info(pid_t init) {
  struct sysinfo info;
  auto group = sys::Cgroup::of_process(init, "lxc.payload.");
  auto started = sys::process_start_time(init);
  timespec now{};
  if (!group || !started || ::sysinfo(&info) < 0 || clock_gettime(CLOCK_BOOTTIME, &now) < 0) return std::nullopt;
  auto statistics = group->read_table("memory.stat");
  uint64_t unit = info.mem_unit;
  info.uptime = now.tv_sec - static_cast<long>(*started / static_cast<uint64_t>(sysconf(_SC_CLK_TCK)));
  info.procs = static_cast<unsigned short>(group->read_number("pids.current").value_or(info.procs));
  info.totalram = limited(*group, "memory.max", info.totalram * unit);
  info.freeram = rest(info.totalram, group->read_number("memory.current"));
  info.sharedram = static_cast<uint64_t>(statistics["shmem"]);
  info.bufferram = static_cast<uint64_t>(statistics["file"]);
  info.totalswap *= unit;
  info.freeswap *= unit;
  if (group->has("memory.swap.max")) {
    info.totalswap = limited(*group, "memory.swap.max", info.totalswap);
    info.freeswap = rest(info.totalswap, group->read_number("memory.swap.current"));
  }
  info.totalhigh = info.freehigh = 0;
  info.mem_unit = 1;
  return info;
}

Sysinfo32 in_pages(const struct sysinfo& info) {
  auto pages = [](uint64_t bytes) { return static_cast<uint32_t>(bytes / kPage); };
  return {.uptime = static_cast<int32_t>(info.uptime), .loads = {static_cast<uint32_t>(info.loads[0]), static_cast<uint32_t>(info.loads[1]), static_cast<uint32_t>(info.loads[2])},
          .totalram = pages(info.totalram), .freeram = pages(info.freeram), .sharedram = pages(info.sharedram), .bufferram = pages(info.bufferram),
          .totalswap = pages(info.totalswap), .freeswap = pages(info.freeswap), .procs = info.procs, .pad = 0, .totalhigh = 0, .freehigh = 0, .mem_unit = kPage, .padding = {}};
}

}  // namespace

NotifyAnswer emulate_sysinfo(const Caller& caller, const Order& order) {
  auto info = container_info(static_cast<pid_t>(order.init));
  if (!info) return kContinue;
  Sysinfo32 small = in_pages(*info);
  bool is_32bit = caller.request().data.arch == AUDIT_ARCH_I386 || caller.request().data.arch == AUDIT_ARCH_ARM;
  auto written = is_32bit ? caller.write_memory(caller.argument(0), &small, sizeof small) : caller.write_memory(caller.argument(0), &*info, sizeof *info);
  return written ? NotifyAnswer{} : failed(written.error());
}

}  // namespace syscalls
