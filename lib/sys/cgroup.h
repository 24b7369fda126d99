// Control groups, version 2 (cgroups(7)): on hosts that also mount version 1 hierarchies, the unified one beside them.
#pragma once
#include <sys/types.h>

#include <map>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/strings.h"

namespace sys {

/// Where the unified hierarchy is mounted; empty if nowhere. Read once.
const std::string& cgroup_mount();
/// Is the controller ("memory", "pids", "cpu", "io", "cpuset", "hugetlb") usable for groups under ours? "memory.swap" for swap accounting.
bool cgroup_supports(const std::string& controller);

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

 private:
  std::string path_;
};

}  // namespace sys
