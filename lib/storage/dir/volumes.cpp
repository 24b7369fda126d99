#include "storage/dir/volumes.h"

#include <sys/stat.h>

#include <cerrno>

namespace storage::dir {

Result<> DirVolumes::make_folder(const std::string& path) {
  if (mkdir(path.c_str(), 0700) == 0) return {};
  if (errno == EEXIST) return fail(Code::conflict, "Volume folder {} already exists", quote(path));
  return fail_errno("Failed to create volume folder " + path);
}

}  // namespace storage::dir
