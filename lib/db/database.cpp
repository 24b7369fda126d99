// The database: one writer connection behind a mutex, a few readers handed out as needed, WAL between them.
#include "db/database.h"

#include <sqlite3.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/log.h"
#include "db/connection.h"
#include "db/dump.h"
#include "db/space_guard.h"

namespace db {

namespace {

constexpr size_t kMaxReaders = 4;
constexpr size_t kIdleReaders = 2;  ///< more than this are closed when handed back: connections cost memory
constexpr int kBusyRetries = 10;
constexpr std::string_view kBeginWrite = "BEGIN IMMEDIATE";

class SqliteDatabase final : public Database {
 public:
  SqliteDatabase(std::string path, std::unique_ptr<Connection> writer) : path_(std::move(path)), writer_(std::move(writer)) {}

  uint64_t generation() const override { return generation_.load(std::memory_order_acquire); }

  Result<std::string> dump(bool schema_only) override {
    return read([&](Tx& tx) { return dump_text(tx, schema_only); });
  }

  Result<> checkpoint() override {
    if (path_.empty()) return {};
    std::lock_guard lock(write_mutex_);
    int code = sqlite3_wal_checkpoint_v2(writer_->handle(), nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
    if (code != SQLITE_OK && code != SQLITE_BUSY) return Failure(sqlite_error(writer_->handle(), code, "checkpoint"));
    return {};
  }

 protected:
  Result<> transact(bool write, const std::function<Result<>(Tx&)>& body) override {
    if (write || path_.empty()) return transact_write(write, body);
    std::unique_ptr<Connection> reader = TRY(take_reader());
    Result<> done = with_retries(*reader, "BEGIN", body);
    give_reader(std::move(reader));
    return done;
  }

 private:
  Result<> transact_write(bool write, const std::function<Result<>(Tx&)>& body) {
    if (writer_thread_.load() == std::this_thread::get_id())
      return fail(Code::internal, "Database transaction started inside another one");
    std::lock_guard lock(write_mutex_);
    writer_thread_ = std::this_thread::get_id();
    int64_t before = writer_->total_changes();
    Result<> done = with_retries(*writer_, write ? kBeginWrite : "BEGIN", body);
    if (done && writer_->total_changes() != before) generation_.fetch_add(1, std::memory_order_acq_rel);
    writer_thread_ = std::thread::id();
    return done;
  }

  Result<> attempt(Connection& connection, std::string_view begin, const std::function<Result<>(Tx&)>& body) {
    ConnectionTx tx(connection);
    TRY(tx.exec(begin, {}));
    SpaceGuard guard(begin == kBeginWrite ? path_ : "", connection);
    Result<> done = body(tx);
    if (done) done = guard.check();
    if (done) {
      Result<int64_t> committed = tx.exec("COMMIT", {});
      if (!committed) done = std::unexpected(committed.error());
    }
    // Asked, not assumed: on a full disk or an I/O error SQLite has rolled back by itself already.
    if (!done && connection.in_transaction()) {
      if (auto undone = tx.exec("ROLLBACK", {}); !undone) log_error("Failed rolling back", {{"err", undone.error().message()}});
    }
    return done;
  }

  Result<> with_retries(Connection& connection, std::string_view begin, const std::function<Result<>(Tx&)>& body) {
    for (int tries = 1;; ++tries) {
      Result<> done = attempt(connection, begin, body);
      if (done || done.error().code() != Code::locked || tries == kBusyRetries) return done;
      std::this_thread::sleep_for(milliseconds(10 * tries));
    }
  }

  Result<std::unique_ptr<Connection>> take_reader() {
    std::unique_lock lock(reader_mutex_);
    reader_free_.wait(lock, [&] { return !idle_.empty() || readers_out_ < kMaxReaders; });
    ++readers_out_;
    if (!idle_.empty()) {
      std::unique_ptr<Connection> reader = std::move(idle_.back());
      idle_.pop_back();
      return reader;
    }
    lock.unlock();
    Result<std::unique_ptr<Connection>> opened = Connection::open(path_, true);
    if (!opened) give_reader(nullptr);
    return opened;
  }

  void give_reader(std::unique_ptr<Connection> reader) {
    {
      std::lock_guard lock(reader_mutex_);
      --readers_out_;
      if (reader && idle_.size() < kIdleReaders) idle_.push_back(std::move(reader));
    }
    reader_free_.notify_one();
  }

  std::string path_;  ///< empty: in memory, where readers share the writer's connection
  std::mutex write_mutex_;
  std::unique_ptr<Connection> writer_;
  std::atomic<std::thread::id> writer_thread_{};
  std::atomic<uint64_t> generation_{1};
  std::mutex reader_mutex_;
  std::condition_variable reader_free_;
  std::vector<std::unique_ptr<Connection>> idle_;
  size_t readers_out_ = 0;
};

}  // namespace

Result<std::unique_ptr<Database>> Database::open(const std::string& path) {
  std::unique_ptr<Connection> writer = TRY(Connection::open(path.empty() ? ":memory:" : path, false));
  return std::make_unique<SqliteDatabase>(path, std::move(writer));
}

}  // namespace db
