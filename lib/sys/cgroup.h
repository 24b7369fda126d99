// Control groups in version 2's words (cgroups(7)). On hosts that also mount version 1 hierarchies, the unified one is used beside them, and what only
// they have is translated (cgroup_legacy.h).
#pragma once
#include <sys/types.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/strings.h"
#include "sys/cgroup_legacy.h"

namespace sys {

/// Where the unified hierarchy is mounted; empty if nowhere. Read once.
const std::string& cgroup_mount();
/// Is the controller ("memory", "pids", "cpu", "io", "cpuset", "hugetlb") usable for groups under ours? "memory.swap" for swap accounting.
bool cgroup_supports(const std::string& controller);
/// Is it used by version 1's files, because the unified hierarchy doesn't have it?
bool cgroup_is_legacy(const std::string& controller);
/// liblxc's items for one setting: "lxc.cgroup2.FILE", or "lxc.cgroup.FILE" for those of version 1. Errors: unsupported, if version 1 has no such file.
Result<std::vector<legacy::Setting>> cgroup_lxc_items(const std::string& file, const std::string& value, const std::vector<legacy::Setting>& before = {});

/// One control group's folder.
class Cgroup {
 public:
  Cgroup() = default;
  explicit Cgroup(std::string path) : path_(std::move(path)) {}
  /// The group of a process, cut after its first component that starts with `marker` ("lxc.payload."). Errors: not_found.
  static Result<Cgroup> of_process(pid_t pid, const std::string& marker = "");

  const std::string& path() const { return path_; }
  explicit operator bool() const { return !path_.empty(); }
  /// The file's text without the last newline; nothing if it can't be read.
  std::optional<std::string> read(const std::string& file) const;
  std::optional<int64_t> read_number(const std::string& file) const;  ///< nothing for "max" too
  /// "key value" lines.
  std::map<std::string, int64_t> read_table(const std::string& file) const;
  /// Errors: not_found (no such file: the controller is off), internal with the kernel's words.
  Result<> write(const std::string& file, const std::string& value) const;
  bool has(const std::string& file) const;
  /// Version 1's folder for a controller that is used that way; empty otherwise.
  std::string legacy_folder(const std::string& controller) const;

 private:
  std::optional<std::string> read_legacy(const std::string& file) const;
  std::string path_;
  legacy::Folders legacy_;
};

}  // namespace sys
