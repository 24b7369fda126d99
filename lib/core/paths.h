// Where the daemon keeps things: INCUS_DIR set means one tree under it, else the system's folders (wire.md, section 16).
#pragma once
#include <string>

namespace core {

struct Paths {
  std::string var;    ///< $INCUS_DIR or /var/lib/incus
  std::string log;    ///< $INCUS_DIR/logs or /var/log/incus
  std::string run;    ///< $INCUS_DIR/run or /run/incus
  std::string cache;  ///< $INCUS_DIR/cache or /var/cache/incus

  static Paths from_environment();
  std::string in_var(const std::string& name) const { return var + "/" + name; }
};

/// "c1" in the default project, else "project_c1": how instances and volumes are named on disk and to liblxc.
std::string project_prefix(const std::string& project, const std::string& name);

}  // namespace core
