// Tells when something appears in, or disappears from, folders: inotify(7).
#pragma once
#include <map>
#include <set>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace sys {

/// The existing folder nearest above `path`: what has to be watched to see the path come and go.
std::string watchable_folder(const std::string& path);

/// Not thread-safe.
class PathWatch {
 public:
  static Result<PathWatch> open();
  /// Readable while there are events.
  int fd() const { return fd_.get(); }
  /// Watches exactly these folders. True if that is other than before. Folders that can't be watched (any more) are left out.
  bool watch(const std::set<std::string>& folders);
  /// Takes all events there are; what they say is for the caller to look up.
  void drain();

 private:
  explicit PathWatch(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
  std::map<std::string, int> watches_;
};

}  // namespace sys
