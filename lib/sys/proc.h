// Facts about processes from proc(5).
#pragma once
#include <sys/types.h>

#include <optional>
#include <string>

#include "base/result.h"

namespace sys {

/// Clock ticks after boot at which the process started: with the pid it names a process for ever. Nothing if there is none.
std::optional<uint64_t> process_start_time(pid_t pid);
std::optional<pid_t> parent_of(pid_t pid);
/// One `Key:` line of /proc/<pid>/status, without the key; empty if missing.
std::string status_field(pid_t pid, const std::string& key);
/// Does the process block `signal`? Systemd as init blocks SIGRTMIN+3: that is how to tell it from others.
bool blocks_signal(pid_t pid, int signal);
/// Is process `pid` still the one that started at `start_time`?
bool is_process(pid_t pid, uint64_t start_time);
/// One value of /proc/meminfo in bytes; 0 if missing.
int64_t meminfo(const std::string& key);

/// How soon the kernel ends the process when memory is short, -1000 to 1000: /proc/PID/oom_score_adj.
Result<> set_oom_score(pid_t pid, int64_t score);
/// CPU time the process took, in nanoseconds, and the memory it has (RSS), in bytes; zero if it is gone.
struct ProcessUse {
  int64_t cpu = 0, memory = 0;
};
ProcessUse process_use(pid_t pid);

}  // namespace sys
