// Keeps the last bit of a full disk for small and shrinking writes, so that a server can still be tidied up.
#pragma once
#include <string>

#include "db/connection.h"

namespace db {

/// Below this much free space, transactions that grow the database by more than kSmallGrowth are refused: the log must be written
/// back into the file, and deleting things needs log space too.
inline constexpr uint64_t kSpaceReserve = 16 << 20;
inline constexpr int64_t kSmallGrowth = 64 << 10;
/// Up to this size any growth is fine: a new database must be able to come up.
inline constexpr int64_t kSmallDatabase = 1 << 20;

/// Watches one write transaction: constructed after BEGIN, asked before COMMIT.
class SpaceGuard {
 public:
  /// `path` of the database file; empty for one in memory, which is not watched.
  SpaceGuard(const std::string& path, Connection& connection);
  /// Errors: unavailable.
  Result<> check();

 private:
  int64_t used_bytes();

  Connection& connection_;
  bool scarce_ = false;
  int64_t before_ = 0;
};

}  // namespace db
