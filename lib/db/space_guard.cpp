#include "db/space_guard.h"

#include <sys/statvfs.h>

#include <algorithm>

namespace db {

SpaceGuard::SpaceGuard(const std::string& path, Connection& connection) : connection_(connection) {
  struct statvfs disk {};
  if (path.empty() || statvfs(path.c_str(), &disk) != 0) return;
  scarce_ = uint64_t{disk.f_bavail} * disk.f_frsize < kSpaceReserve;
  if (scarce_) before_ = used_bytes();
}

int64_t SpaceGuard::used_bytes() {
  // Free pages don't count: a transaction may fill the holes that earlier deletions left.
  ConnectionTx tx(connection_);
  auto pages = tx.query_integer("SELECT (page_count - freelist_count) * page_size FROM pragma_page_count, pragma_freelist_count, pragma_page_size");
  return pages && *pages ? **pages : 0;
}

Result<> SpaceGuard::check() {
  if (!scarce_ || used_bytes() <= std::max(before_ + kSmallGrowth, kSmallDatabase)) return {};
  return fail(Code::unavailable, "The database's file system is almost full: free some space (at least {} MiB) and retry", kSpaceReserve >> 20);
}

}  // namespace db
