#include "sys/cgroup.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <cerrno>
#include <set>

#include "base/unique_fd.h"

namespace sys {
namespace {

/// The last one mounted, as long as nothing else covers it.
std::string find_mount() {
  auto table = read_file("/proc/self/mounts");
  std::string mount;
  for (const std::string& line : split(table ? *table : "", '\n')) {
    StringList fields = split(line, ' ');
    struct statfs info;
    if (fields.size() > 3 && fields[2] == "cgroup2" && statfs(fields[1].c_str(), &info) == 0 && info.f_type == CGROUP2_SUPER_MAGIC) mount = fields[1];
  }
  return mount;
}

/// The path in the unified hierarchy, as /proc/<pid>/cgroup says it.
Result<std::string> unified_path(const std::string& process) {
  std::string text = TRY(read_file("/proc/" + process + "/cgroup"));
  for (const std::string& line : split(text, '\n')) {
    if (line.starts_with("0::")) return line.substr(3);
  }
  return fail(Code::not_found, "No unified control group hierarchy");
}

std::set<std::string> find_controllers() {
  std::set<std::string> found;
  auto own = unified_path("self");
  if (!own || cgroup_mount().empty()) return found;
  std::string base = cgroup_mount() + *own;
  auto list = read_file(base + "/cgroup.controllers");
  for (const std::string& name : split_list(list ? *list : "", ' ')) found.insert(std::string(trim(name)));
  if (found.contains("memory") && access((base + "/memory.swap.max").c_str(), F_OK) == 0) found.insert("memory.swap");
  return found;
}

}  // namespace

const std::string& cgroup_mount() {
  static const std::string mount = find_mount();
  return mount;
}

bool cgroup_supports(const std::string& controller) {
  static const std::set<std::string> controllers = find_controllers();
  return controllers.contains(controller);
}

Result<Cgroup> Cgroup::of_process(pid_t pid, const std::string& marker) {
  if (cgroup_mount().empty()) return fail(Code::not_found, "No unified control group hierarchy is mounted");
  std::string path = TRY(unified_path(std::to_string(pid)));
  if (marker.empty()) return Cgroup(cgroup_mount() + path);
  size_t start = path.find("/" + marker);
  if (start == std::string::npos) return fail(Code::not_found, "Process {} isn't in a control group named {}", pid, quote(marker));
  return Cgroup(cgroup_mount() + path.substr(0, path.find('/', start + 1)));
}

std::optional<std::string> Cgroup::read(const std::string& file) const {
  auto text = read_file(path_ + "/" + file);
  if (!text) return std::nullopt;
  return std::string(trim(*text));
}

std::optional<int64_t> Cgroup::read_number(const std::string& file) const {
  auto text = read(file);
  return text ? parse_int(*text) : std::nullopt;
}

std::map<std::string, int64_t> Cgroup::read_table(const std::string& file) const {
  std::map<std::string, int64_t> table;
  for (const std::string& line : split(read(file).value_or(""), '\n')) {
    StringList fields = split(line, ' ', 2);
    if (fields.size() == 2) table[fields[0]] = parse_int(fields[1]).value_or(0);
  }
  return table;
}

Result<> Cgroup::write(const std::string& file, const std::string& value) const {
  std::string path = path_ + "/" + file;
  UniqueFd fd(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd && errno == ENOENT) return fail(Code::not_found, "The control group has no file {}", quote(file));
  if (!fd) return fail_errno("Failed opening " + path);
  if (::write(fd.get(), value.data(), value.size()) < 0) return fail_errno(std::format("Failed writing {} to {}", quote(value), path));
  return {};
}

bool Cgroup::has(const std::string& file) const { return access((path_ + "/" + file).c_str(), F_OK) == 0; }

}  // namespace sys
