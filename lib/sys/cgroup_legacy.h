// Control groups, version 1: where a controller is there instead of in the unified hierarchy (a hybrid host), version 2's files are translated.
#pragma once
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace sys::legacy {

using Folders = std::map<std::string, std::string>;  ///< by controller in version 2's words ("io", not "blkio")

/// Where version 1 hierarchies are mounted, from the text of /proc/self/mounts.
Folders parse_mounts(const std::string& mounts);
/// The groups a process is in, from the text of its /proc cgroup file; cut after the first component that starts with `marker`.
Folders parse_groups(const std::string& groups, const Folders& mounts, const std::string& marker);

struct Setting {
  std::string file;
  std::string value;
};
/// Version 1's settings for one of version 2 ("memory.max", "max" -> "memory.limit_in_bytes", "-1"); none for files without counterpart. What has to be
/// known of the group besides is asked of `read`.
using Reader = std::function<std::optional<std::string>(const std::string& file)>;
std::vector<Setting> translate(const std::string& file, const std::string& value, const Reader& read);
/// What version 2's file would say, from version 1's; nothing without counterpart.
std::optional<std::string> text_of(const std::string& file, const Reader& read);

}  // namespace sys::legacy
