// One SQLite database behind one transaction interface. Nothing else in the project knows which engine is beneath.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/context.h"
#include "base/result.h"
#include "base/timestamp.h"

namespace db {

using Value = std::variant<std::nullptr_t, int64_t, double, std::string>;
using Values = std::vector<Value>;

/// One result row, valid only inside the callback.
class Row {
 public:
  explicit Row(void* statement) : statement_(statement) {}
  int64_t integer(int column) const;
  std::string text(int column) const;
  bool is_null(int column) const;
  bool boolean(int column) const { return integer(column) != 0; }
  /// DATETIME columns, as upstream stores them ("2006-01-02 15:04:05.999999999-07:00", or RFC 3339); zero time if NULL.
  Timestamp time(int column) const;
  int columns() const;
  std::string column_name(int column) const;
  Value value(int column) const;
  /// The type in the table's definition ("DATETIME"); empty for expressions.
  std::string_view declared_type(int column) const;

 private:
  void* statement_;
};

/// A running transaction. Statements are prepared once per connection and cached. Not thread-safe.
class Tx {
 public:
  virtual ~Tx() = default;
  /// Rows affected.
  virtual Result<int64_t> exec(std::string_view sql, const Values& values = {}) = 0;
  /// The new row's id. Errors: conflict on a unique constraint.
  virtual Result<int64_t> insert(std::string_view sql, const Values& values = {}) = 0;
  /// Calls `each` per row.
  virtual Result<> query(std::string_view sql, const Values& values, const std::function<Result<>(const Row&)>& each) = 0;
  /// Every statement of a text (schema, patch files), not cached; results are dropped.
  virtual Result<> script(std::string_view sql) = 0;
  /// Column names of a query, without running it.
  virtual Result<std::vector<std::string>> column_names(std::string_view sql) = 0;
  /// The first row's first column as an integer or text, if there is a row.
  Result<std::optional<int64_t>> query_integer(std::string_view sql, const Values& values = {});
  Result<std::optional<std::string>> query_text(std::string_view sql, const Values& values = {});
};

Value time_value(Timestamp time);

/// WAL; one writer and pooled readers. Thread-safe. A transaction body does no I/O and may be re-run on BUSY; an error it returns rolls back.
class Database {
 public:
  /// Opens or creates `path`; an empty path gives a private in-memory database (tests). synchronous=FULL for committed writes.
  static Result<std::unique_ptr<Database>> open(const std::string& path);
  virtual ~Database() = default;

  template <class F>
  auto read(F&& body) -> std::invoke_result_t<F, Tx&> {
    return run<std::invoke_result_t<F, Tx&>>(false, body);
  }
  template <class F>
  auto write(F&& body) -> std::invoke_result_t<F, Tx&> {
    return run<std::invoke_result_t<F, Tx&>>(true, body);
  }

  /// Grows with every committed write: caches compare it to know whether they are stale. Cheap, any thread.
  virtual uint64_t generation() const = 0;
  /// SQL text that recreates the database (`.dump`), or only its schema. Consistent.
  virtual Result<std::string> dump(bool schema_only) = 0;
  virtual Result<> checkpoint() = 0;

 protected:
  /// Runs `body` in a transaction: commit on success, rollback on error.
  virtual Result<> transact(bool write, const std::function<Result<>(Tx&)>& body) = 0;

 private:
  template <class R, class F>
  R run(bool write, F& body) {
    std::optional<R> result;
    auto done = transact(write, [&](Tx& tx) -> Result<> {
      result.emplace(body(tx));
      if (!*result) return std::unexpected(result->error());
      return {};
    });
    if (!done) return std::unexpected(done.error());
    return std::move(*result);
  }
};

}  // namespace db
