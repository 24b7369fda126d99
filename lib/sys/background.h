// Programs that outlive the daemon (dnsmasq, proxies): found again through a file that holds pid and start time, which together name one
// process for ever.
#pragma once
#include <string>

#include "base/context.h"
#include "sys/spawn.h"

namespace sys {

class Background {
 public:
  /// `path`: the pid file, YAML that scripts may read (`pid: 123`).
  explicit Background(std::string path) : path_(std::move(path)) {}

  bool running() const;
  /// What record() text it was started with; empty if it doesn't run.
  std::string record() const;
  /// Takes a started child into the file's care. `record`: whole lines that tell one start from another, stored too.
  Result<> adopt(Child child, const std::string& record = "");
  /// Nothing if it doesn't run.
  void signal(int number) const;
  /// SIGTERM, then SIGKILL after a second; removes the file. Blocks.
  Result<> stop(const Context& ctx);

 private:
  std::string path_;
};

}  // namespace sys
