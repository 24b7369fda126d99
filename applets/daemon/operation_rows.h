// Keeps the operations table like the operations in memory: `incus admin sql` users and other members look there.
#pragma once
#include <functional>
#include <memory>
#include <mutex>
#include <set>

#include "applets/daemon/daemon.h"

namespace incusd {

/// Written behind the operations' backs, many changes in one transaction: no operation waits for it. Thread-safe.
class OperationRows : public std::enable_shared_from_this<OperationRows> {
 public:
  explicit OperationRows(Daemon& daemon) : daemon_(daemon) {}
  /// At start: forgets what an earlier run left behind.
  Result<> clear();
  /// Operations were added: the table follows soon. Never blocks.
  void changed();

 private:
  void schedule(Duration delay);
  void flush();
  Result<> write_down();

  Daemon& daemon_;
  std::mutex mutex_;
  bool scheduled_ = false;  ///< a flush is to come, or runs
  bool again_ = false;      ///< asked for since the last flush began
  std::shared_ptr<async::Runtime::Timer> timer_;
  std::set<std::string> stored_;  ///< ids in the table; only flush() uses it, one at a time
};

}  // namespace incusd
