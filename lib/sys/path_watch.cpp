#include "sys/path_watch.h"

#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

namespace sys {

std::string watchable_folder(const std::string& path) {
  std::string folder = path;
  while (true) {
    size_t slash = folder.rfind('/');
    if (slash == std::string::npos || slash == 0) return "/";
    folder.resize(slash);
    struct stat info;
    if (stat(folder.c_str(), &info) == 0 && S_ISDIR(info.st_mode)) return folder;
  }
}

Result<PathWatch> PathWatch::open() {
  UniqueFd fd(inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!fd) return fail_errno("Failed to initialize inotify");
  return PathWatch(std::move(fd));
}

bool PathWatch::watch(const std::set<std::string>& folders) {
  bool changed = false;
  std::map<std::string, int> now;
  for (const std::string& folder : folders) {
    // Again for those that are watched: a folder may have been replaced by another of the same name.
    int id = inotify_add_watch(fd_.get(), folder.c_str(), IN_CREATE | IN_DELETE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR);
    if (id < 0) continue;
    now[folder] = id;
    auto old = watches_.find(folder);
    changed = changed || old == watches_.end() || old->second != id;
  }
  std::set<int> kept;
  for (const auto& [folder, id] : now) kept.insert(id);
  for (const auto& [folder, id] : watches_)
    if (!kept.contains(id)) inotify_rm_watch(fd_.get(), id);  // fails if the folder is gone, and the watch with it
  watches_ = std::move(now);
  return changed;
}

void PathWatch::drain() {
  char buffer[4096];
  while (read(fd_.get(), buffer, sizeof buffer) > 0) {
  }
}

}  // namespace sys
