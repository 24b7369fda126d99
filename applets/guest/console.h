// Programs that the small guest keeps running: shells on its consoles, and the agent.
#pragma once
#include <sys/types.h>

#include <string>
#include <vector>

#include "base/context.h"
#include "base/strings.h"

namespace guest {

struct Kept {
  StringList command;
  std::string terminal;  ///< its standard streams and controlling terminal; empty: /dev/null and the kernel's log
  std::string folder;    ///< where it runs
  pid_t pid = 0;
  Clock::time_point next{};  ///< not started before
};

class KeptPrograms {
 public:
  void add(Kept program) { programs_.push_back(std::move(program)); }
  /// Starts what does not run. Returns when that must be called again at the latest.
  Clock::time_point start_due();
  /// A child has ended.
  void ended(pid_t pid);

 private:
  std::vector<Kept> programs_;
};

/// Runs a program as a session of its own on a terminal (or "": none). -1 if there can be no process. Between fork and exec only plain calls.
pid_t start_session(const StringList& command, const std::string& terminal, const std::string& folder);

}  // namespace guest
