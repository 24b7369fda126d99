#include "storage/refresh.h"

#include <sys/stat.h>

#include "storage/disk_file.h"
#include "sys/spawn.h"

namespace storage {

namespace {

bool same_disk(const std::string& a, const std::string& b) {
  struct stat left, right;
  return stat(a.c_str(), &left) == 0 && stat(b.c_str(), &right) == 0 && left.st_size == right.st_size && left.st_mtim.tv_sec == right.st_mtim.tv_sec &&
         left.st_mtim.tv_nsec == right.st_mtim.tv_nsec;
}

}  // namespace

Result<> refresh_tree(const Context& ctx, const std::string& source, const std::string& target, const std::string& disk, const Progress&) {
  // rsync(1) knows this craft; owners by number, everything that belongs to a file, holes kept.
  StringList command{"rsync", "-aHAXS", "--devices", "--specials", "--numeric-ids", "--delete", "--whole-file", source + "/", target + "/"};
  // It would read a disk's holes, and share no blocks.
  if (!disk.empty()) command.insert(command.end() - 2, "--exclude=/" + disk);
  TRY(sys::run(ctx, command));
  if (disk.empty() || same_disk(source + "/" + disk, target + "/" + disk)) return {};
  return replace_disk(ctx, source + "/" + disk, target + "/" + disk);
}

}  // namespace storage
