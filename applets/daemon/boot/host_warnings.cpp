#include "applets/daemon/boot/host_warnings.h"

#include <unistd.h>

#include "applets/daemon/daemon.h"
#include "base/log.h"
#include "core/warnings.h"
#include "sys/cgroup.h"

namespace incusd {

namespace {

struct Missing {
  std::string_view controller;
  core::WarningType type;
  std::string_view consequence;
};
// The type for cpuset is the CPU controller's, as upstream records it.
constexpr Missing kControllers[] = {
    {"cpu", core::WarningType::missing_cgroup_cpu_controller, "CPU time limits will be ignored"},
    {"cpuset", core::WarningType::missing_cgroup_cpu_controller, "CPU pinning will be ignored"},
    {"hugetlb", core::WarningType::missing_cgroup_hugetlb_controller, "hugepage limits will be ignored"},
    {"io", core::WarningType::missing_cgroup_blkio, "disk I/O limits will be ignored"},
    {"memory", core::WarningType::missing_cgroup_memory_controller, "memory limits will be ignored"},
    {"memory.swap", core::WarningType::missing_cgroup_memory_swap_accounting, "swap limits will be ignored"},
    {"pids", core::WarningType::missing_cgroup_pids_controller, "process limits will be ignored"},
};

Result<> warn_controllers(db::Tx& tx) {
  for (const Missing& row : kControllers) {
    if (sys::cgroup_supports(std::string(row.controller))) continue;
    // Without a memory controller there is no word about its swap accounting.
    if (row.controller == "memory.swap" && !sys::cgroup_supports("memory")) continue;
    TRY(core::warn(tx, {.type = row.type}, std::string(row.consequence)));
  }
  return {};
}

Result<> resolve_older(db::Tx& tx, Timestamp start) {
  for (const auto& row : TRY(db::warnings::load_all(tx))) {
    bool open = row.status != db::WarningStatus::resolved && row.location == "none";
    if (open && row.last_seen < start) TRY(db::warnings::set_status(tx, row.uuid, db::WarningStatus::resolved));
  }
  return {};
}

}  // namespace

void record_host_warnings(Daemon& daemon, Timestamp start) {
  auto done = daemon.global->write([&](db::Tx& tx) -> Result<> {
    TRY(warn_controllers(tx));
    if (access("/sys/kernel/security/apparmor", F_OK) != 0)
      TRY(core::warn(tx, {.type = core::WarningType::apparmor_not_available}, "Disabled because of lack of kernel support"));
    return resolve_older(tx, start);
  });
  if (!done) log_warn("Failed to record warnings about the host", {{"err", done.error().message()}});
}

}  // namespace incusd
