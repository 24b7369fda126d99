#include "sys/cgroup.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
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

/// "memory.swap.max" -> "memory"; version 1 counts CPU time in a controller of its own.
std::string controller_of(const std::string& file) {
  std::string name = file.substr(0, file.find('.'));
  return name == "cpu" && file == "cpu.stat" ? "cpuacct" : name;
}

/// Where liblxc makes the groups of containers: beside process 1's own, as that may hold no groups itself (systemd's is init.scope). The group of
/// the daemon says nothing about it: a service has only the controllers that something in its slice asked for.
std::string containers_base() {
  auto path = unified_path("1");
  if (!path) return "";
  std::string base = *path == "/" ? "" : *path;
  if (base.ends_with("/init.scope")) base.resize(base.size() - std::string_view("/init.scope").size());
  return cgroup_mount() + base;
}

/// The root of all groups has no files for limits, so this asks a group below it, made for the purpose if there is none.
bool below_has(const std::string& base, const std::string& file) {
  if (access((base + "/" + file).c_str(), F_OK) == 0) return true;
  std::string probe = std::format("{}/incusbox.probe.{}", base, getpid());
  if (mkdir(probe.c_str(), 0755) < 0) return false;
  bool there = access((probe + "/" + file).c_str(), F_OK) == 0;
  rmdir(probe.c_str());
  return there;
}

std::set<std::string> find_controllers() {
  std::set<std::string> found;
  std::string base = cgroup_mount().empty() ? "" : containers_base();
  if (base.empty()) return found;
  auto list = read_file(base + "/cgroup.controllers");
  for (const std::string& name : split_list(list ? *list : "", ' ')) found.insert(std::string(trim(name)));
  if (!found.contains("memory")) return found;
  // Only enabled controllers have files in new groups; liblxc enables them all for the first container.
  UniqueFd enable(open((base + "/cgroup.subtree_control").c_str(), O_WRONLY | O_CLOEXEC));
  if (enable) (void)!::write(enable.get(), "+memory", 7);
  if (below_has(base, "memory.swap.max")) found.insert("memory.swap");
  return found;
}

}  // namespace

const std::string& cgroup_mount() {
  static const std::string mount = find_mount();
  return mount;
}

namespace {

const std::set<std::string>& unified_controllers() {
  static const std::set<std::string> controllers = find_controllers();
  return controllers;
}

const legacy::Folders& legacy_mounts() {
  static const legacy::Folders mounts = legacy::parse_mounts(read_file("/proc/self/mounts").value_or(""));
  return mounts;
}

/// Swap accounting is there only if the kernel was told so; the root group has no limits.
bool legacy_swap() {
  static const bool there = [] {
    auto mount = legacy_mounts().find("memory");
    return mount != legacy_mounts().end() && access((mount->second + "/memory.memsw.usage_in_bytes").c_str(), F_OK) == 0;
  }();
  return there;
}

/// The file that new groups have for weights; empty if none. The root group, which has no such file, can't tell.
const std::string& legacy_weight_file() {
  static const std::string found = []() -> std::string {
    std::string probe = std::format("{}/incusbox.probe.{}", legacy_mounts().at("io"), getpid());
    if (mkdir(probe.c_str(), 0755) < 0) return "";
    std::string name;
    for (const char* file : {"blkio.weight", "blkio.bfq.weight"})
      if (access((probe + "/" + file).c_str(), F_OK) == 0) name = file;
    rmdir(probe.c_str());
    return name;
  }();
  return found;
}

std::optional<std::string> read_text(const std::string& path) {
  auto text = read_file(path);
  return text ? std::optional(std::string(trim(*text))) : std::nullopt;
}

}  // namespace

bool cgroup_is_legacy(const std::string& controller) {
  if (unified_controllers().contains(controller)) return false;
  return controller == "memory.swap" ? cgroup_is_legacy("memory") && legacy_swap() : legacy_mounts().contains(controller);
}

bool cgroup_supports(const std::string& controller) { return unified_controllers().contains(controller) || cgroup_is_legacy(controller); }

Result<std::vector<legacy::Setting>> cgroup_lxc_items(const std::string& file, const std::string& value, const std::vector<legacy::Setting>& before) {
  std::string controller = controller_of(file);
  if (!cgroup_is_legacy(controller)) return std::vector<legacy::Setting>{{"lxc.cgroup2." + file, value}};
  if (file == "io.weight" && legacy_weight_file().empty()) return fail(Code::unsupported, "The host's control groups know no weights for disk I/O");
  // The group isn't there yet: what it will have is what was set before, and what every group of the hierarchy has.
  auto read = [&](const std::string& name) -> std::optional<std::string> {
    for (const legacy::Setting& one : before)
      if (one.file == "lxc.cgroup." + name) return one.value;
    if (file == "io.weight") return name == legacy_weight_file() ? std::optional<std::string>("") : std::nullopt;
    return read_text(legacy_mounts().at(controller) + "/" + name);
  };
  std::vector<legacy::Setting> out = legacy::translate(file, value, read);
  for (legacy::Setting& one : out) one.file = "lxc.cgroup." + one.file;
  return out;
}

Result<Cgroup> Cgroup::of_process(pid_t pid, const std::string& marker) {
  if (cgroup_mount().empty()) return fail(Code::not_found, "No unified control group hierarchy is mounted");
  std::string path = TRY(unified_path(std::to_string(pid)));
  size_t start = marker.empty() ? 0 : path.find("/" + marker);
  if (start == std::string::npos) return fail(Code::not_found, "Process {} isn't in a control group named {}", pid, quote(marker));
  Cgroup out(cgroup_mount() + (marker.empty() ? path : path.substr(0, path.find('/', start + 1))));
  if (!legacy_mounts().empty()) out.legacy_ = legacy::parse_groups(read_file(std::format("/proc/{}/cgroup", pid)).value_or(""), legacy_mounts(), marker);
  return out;
}

std::optional<std::string> Cgroup::read(const std::string& file) const {
  if (cgroup_is_legacy(controller_of(file))) return read_legacy(file);
  return read_text(path_ + "/" + file);
}

std::string Cgroup::legacy_folder(const std::string& controller) const {
  auto folder = legacy_.find(controller);
  return folder == legacy_.end() || !cgroup_is_legacy(controller) ? "" : folder->second;
}

std::optional<std::string> Cgroup::read_legacy(const std::string& file) const {
  std::string folder = legacy_folder(controller_of(file));
  if (folder.empty()) return std::nullopt;
  auto text = legacy::text_of(file, [&](const std::string& name) { return read_text(folder + "/" + name); });
  return text ? std::optional(std::string(trim(*text))) : std::nullopt;
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

namespace {

Result<> write_file(const std::string& folder, const std::string& file, const std::string& value) {
  std::string path = folder + "/" + file;
  UniqueFd fd(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd && errno == ENOENT) return fail(Code::not_found, "The control group has no file {}", quote(file));
  if (!fd) return fail_errno("Failed opening " + path);
  if (::write(fd.get(), value.data(), value.size()) < 0) return fail_errno(std::format("Failed writing {} to {}", quote(value), path));
  return {};
}

}  // namespace

Result<> Cgroup::write(const std::string& file, const std::string& value) const {
  std::string folder = legacy_folder(controller_of(file));
  if (folder.empty()) return write_file(path_, file, value);
  auto settings = legacy::translate(file, value, [&](const std::string& name) { return read_text(folder + "/" + name); });
  if (settings.empty()) return fail(Code::not_found, "The control group has no file {}", quote(file));
  for (const legacy::Setting& one : settings)
    if (read_text(folder + "/" + one.file) != one.value) TRY(write_file(folder, one.file, one.value));
  return {};
}

bool Cgroup::has(const std::string& file) const { return cgroup_is_legacy(controller_of(file)) ? read_legacy(file).has_value() : access((path_ + "/" + file).c_str(), F_OK) == 0; }

}  // namespace sys
