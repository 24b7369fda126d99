#include "device/node_files.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "device/services.h"

namespace device {
namespace {

constexpr mode_t kDefaultMode = 0660;

/// "tmp-testdev" -> "tmp/testdev": the way back of path_name().
std::string decode_path_name(const std::string& name) {
  std::string out;
  for (size_t i = 0; i < name.size(); ++i) {
    bool doubled = name[i] == '-' && i + 1 < name.size() && name[i + 1] == '-';
    out += name[i] != '-' ? name[i] : doubled ? '-' : '/';
    if (doubled) ++i;
  }
  return out;
}

StringList file_names(const std::string& folder) {
  StringList out;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) out.push_back(entry.path().filename());
  return out;
}

}  // namespace

std::optional<Node> read_node(const std::string& path) {
  struct stat info;
  if (stat(path.c_str(), &info) < 0 || (!S_ISBLK(info.st_mode) && !S_ISCHR(info.st_mode))) return std::nullopt;
  return Node{S_ISBLK(info.st_mode), major(info.st_rdev), minor(info.st_rdev)};
}

std::string NodeFiles::prefix() const { return "unix." + path_name(device_) + "."; }

std::string NodeFiles::path(const std::string& target) const { return host_.devices_path() + "/" + prefix() + path_name(target); }

Result<> NodeFiles::make(const Node& node, const std::string& target, const StringMap& config) const {
  std::string file = path(target), mode_text = get_or(config, "mode");
  mkdir(host_.devices_path().c_str(), 0711);
  unlink(file.c_str());
  mode_t mode = mode_text.empty() ? kDefaultMode : static_cast<mode_t>(parse_uint(mode_text, 8).value_or(kDefaultMode));
  mode_t type = node.block ? S_IFBLK : S_IFCHR;
  if (mknod(file.c_str(), type | mode, makedev(node.major_number, node.minor_number)) < 0) return fail_errno(std::format("Failed to create device {} for {}", file, target));
  int64_t uid = host_.host_uid(static_cast<int64_t>(parse_uint(get_or(config, "uid")).value_or(0)));
  int64_t gid = host_.host_gid(static_cast<int64_t>(parse_uint(get_or(config, "gid")).value_or(0)));
  if (chown(file.c_str(), static_cast<uid_t>(uid), static_cast<gid_t>(gid)) < 0) return fail_errno("Failed to chown device " + file);
  if (chmod(file.c_str(), mode) < 0) return fail_errno("Failed to chmod device " + file);
  return {};
}

Result<> NodeFiles::remove(const std::string& target) const {
  if (unlink(path(target).c_str()) < 0 && errno != ENOENT) return fail_errno("Failed to delete files for device " + quote(device_));
  return {};
}

StringList NodeFiles::targets() const {
  StringList out;
  for (const std::string& name : file_names(host_.devices_path()))
    if (name.starts_with(prefix())) out.push_back(decode_path_name(name.substr(prefix().size())));
  return out;
}

bool NodeFiles::taken(const std::string& target) const {
  std::string end = "." + path_name(target);
  for (const std::string& name : file_names(host_.devices_path()))
    if (name.starts_with("unix.") && name.ends_with(end) && !name.starts_with(prefix())) return true;
  return false;
}

void NodeFiles::add_to(RunConfig& run, const Node& node, const std::string& target) const {
  run.mounts.push_back({.device = device_, .source = path(target), .target = target, .fs_type = "none", .options = {"bind", "create=file"}});
  run.cgroup.push_back({.rule = std::format("{} {}:{} rwm", node.block ? 'b' : 'c', node.major_number, node.minor_number)});
}

}  // namespace device
