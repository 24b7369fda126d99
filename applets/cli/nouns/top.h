// What `incus top` reads from a server's metrics.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace cli {

struct InstanceUsage {
  std::string project, name;
  double cpu = 0;     ///< seconds, idle time excluded
  double memory = 0;  ///< bytes in use
  double disk = 0;    ///< bytes of the root file system in use
  bool running = false;
};

/// One row for each instance that has memory metrics, sorted by project and name. Lines that aren't understood are skipped.
std::vector<InstanceUsage> read_metrics(std::string_view open_metrics);

}  // namespace cli
