#include "storage/trash.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "archive/remove_tree.h"
#include "base/encode.h"
#include "base/log.h"

namespace storage {

Result<> Trash::put(const std::string& path) {
  std::string target = folder() + "/" + random_uuid();
  for (int attempt = 0; attempt < 2; ++attempt) {
    if (rename(path.c_str(), target.c_str()) == 0) return {};
    if (errno != ENOENT) break;
    struct stat info;
    if (lstat(path.c_str(), &info) != 0) return {};
    if (mkdir(folder().c_str(), 0700) != 0 && errno != EEXIST) return fail_errno("Cannot create " + folder());
  }
  return fail_errno("Cannot remove " + path);
}

void Trash::sweep(const Context& ctx) {
  std::lock_guard lock(sweeping_);
  std::error_code error;
  for (const auto& item : std::filesystem::directory_iterator(folder(), error)) {
    Result<> removed = archive::remove_tree(ctx, item.path().string());
    if (!removed) log_warn("Cannot remove a deleted volume yet", {{"path", item.path().string()}, {"error", removed.error().message()}});
  }
}

}  // namespace storage
