#include "applets/daemon/boot/directories.h"

#include <sys/stat.h>

#include <cerrno>

namespace incusd {
namespace {

struct Folder {
  const char* name;
  mode_t mode;
};

/// Under the state folder. 0711: unprivileged container processes must pass through, but not list.
constexpr Folder kVarFolders[] = {
    {"containers", 0711},
    {"virtual-machines", 0711},
    {"containers-snapshots", 0700},
    {"virtual-machines-snapshots", 0700},
    {"backups", 0700},
    {"backups/custom", 0700},
    {"backups/instances", 0700},
    {"database", 0700},
    {"database/global", 0750},
    {"devices", 0711},
    {"disks", 0700},
    {"guestapi", 0755},
    {"images", 0700},
    {"networks", 0711},
    {"security", 0700},
    {"security/apparmor", 0700},
    {"security/apparmor/cache", 0700},
    {"security/apparmor/profiles", 0700},
    {"security/seccomp", 0700},
    {"shmounts", 0711},
    {"storage-pools", 0711},
};

/// A folder that is on a storage volume is a link, which may lead nowhere before the volume is mounted.
bool is_link(const std::string& path) {
  struct stat info;
  return lstat(path.c_str(), &info) == 0 && S_ISLNK(info.st_mode);
}

Result<> make_folder(const std::string& path, mode_t mode) {
  if (is_link(path) || is_link(path.substr(0, path.rfind('/')))) return {};
  if (mkdir(path.c_str(), mode) == 0 || errno == EEXIST) {
    if (chmod(path.c_str(), mode) == 0) return {};
  }
  int error = errno;
  return fail_errno("Failed to create folder \"" + path + "\"", error);
}

}  // namespace

Result<> make_directories(const core::Paths& paths) {
  TRY(make_folder(paths.var, 0711));
  for (const Folder& folder : kVarFolders) TRY(make_folder(paths.in_var(folder.name), folder.mode));
  TRY(make_folder(paths.cache, 0700));
  TRY(make_folder(paths.cache + "/resources", 0700));
  TRY(make_folder(paths.log, 0700));
  TRY(make_folder(paths.run, 0711));
  return {};
}

}  // namespace incusd
