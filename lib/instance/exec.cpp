#include "instance/exec.h"

#include <fcntl.h>
#include <sys/stat.h>

namespace instance {
namespace {

/// Folders some systems keep programs in, added to PATH where the instance has them.
constexpr std::string_view kExtraFolders[] = {"/snap/bin", "/run/current-system/sw/bin"};

std::string default_path(const Instance& instance) {
  std::string out = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  if (!instance.running()) return out;
  std::string root = instance.mounted.path + "/rootfs";
  for (std::string_view folder : kExtraFolders) {
    struct stat info;
    if (lstat((root + std::string(folder)).c_str(), &info) == 0) out += ":" + std::string(folder);
  }
  return out;
}

}  // namespace

StringMap exec_environment(const Instance& instance, StringMap asked, int64_t uid) {
  constexpr std::string_view kPrefix = "environment.";
  for (const auto& [key, value] : instance.view()->config)
    if (key.starts_with(kPrefix)) asked.try_emplace(key.substr(kPrefix.size()), value);
  asked.try_emplace("PATH", default_path(instance));
  if (uid == 0) {
    asked.try_emplace("HOME", "/root");
    asked.try_emplace("USER", "root");
  }
  asked.try_emplace("LANG", "C.UTF-8");
  return asked;
}

Result<ExecRecord> record_output(const Instance& instance, const std::string& id) {
  std::string folder = instance.mounted.path + "/exec-output";
  if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return fail_errno("Failed creating " + folder);
  ExecRecord out{.out_name = "exec_" + id + ".stdout", .err_name = "exec_" + id + ".stderr"};
  out.out.reset(open((folder + "/" + out.out_name).c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  out.err.reset(open((folder + "/" + out.err_name).c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!out.out || !out.err) return fail_errno("Failed creating a file for recorded output");
  return out;
}

}  // namespace instance
