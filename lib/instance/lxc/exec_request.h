// What the daemon tells the `forkexec` helper, as NUL-separated pairs in a memory file: nothing of it shows in process lists.
#pragma once
#include <string>
#include <vector>

#include "base/result.h"
#include "base/strings.h"
#include "base/unique_fd.h"

namespace instance::lxc {

/// A soft and hard limit of setrlimit(2).
struct ResourceLimit {
  int resource = 0;
  uint64_t soft = 0;
  uint64_t hard = 0;
};
/// "nofile", "1000:2000" or "unlimited". Errors: invalid for unknown names and values.
Result<ResourceLimit> parse_resource_limit(const std::string& name, const std::string& value);

struct ExecOrder {
  StringList command;
  StringList environment;  ///< KEY=value, all of it
  std::string cwd;         ///< empty: HOME, else /
  int64_t uid = 0, gid = 0;
  bool terminal = false;        ///< standard input becomes the controlling terminal
  bool enter_user_namespace = true;
  bool no_new_privileges = false;
  uint64_t capabilities = ~0ull;  ///< bounding set to keep
  std::string lsm_label;          ///< AppArmor profile to change to; empty: none
  std::vector<ResourceLimit> limits;

  std::string encode() const;
  static Result<ExecOrder> decode(std::string_view text);
};

// Descriptors of the helper.
inline constexpr int kExecStdin = 3, kExecStdout = 4, kExecStderr = 5, kExecStatus = 6, kExecOrder = 7, kExecInit = 8, kExecSeccomp = 9;

}  // namespace instance::lxc
