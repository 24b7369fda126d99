// Small shapes that every repository's queries share.
#pragma once
#include <string>
#include <vector>

#include "db/database.h"

namespace db {

/// All rows through `read` (Row -> T).
template <class T, class Read>
Result<std::vector<T>> select(Tx& tx, std::string_view sql, const Values& values, Read read) {
  std::vector<T> found;
  TRY(tx.query(sql, values, [&](const Row& row) -> Result<> {
    found.push_back(read(row));
    return {};
  }));
  return found;
}

/// The first column of all rows.
inline Result<std::vector<std::string>> select_texts(Tx& tx, std::string_view sql, const Values& values = {}) {
  return select<std::string>(tx, sql, values, [](const Row& row) { return row.text(0); });
}
inline Result<std::vector<int64_t>> select_integers(Tx& tx, std::string_view sql, const Values& values = {}) {
  return select<int64_t>(tx, sql, values, [](const Row& row) { return row.integer(0); });
}

/// The first of `rows`. Errors: not_found "<what> not found".
template <class T>
Result<T> only(std::vector<T> rows, std::string_view what) {
  if (rows.empty()) return fail(Code::not_found, "{} not found", what);
  return std::move(rows.front());
}

/// Builds "WHERE a = ? AND …" from the conditions that apply.
class Where {
 public:
  void add(std::string_view condition, Value value) {
    sql_ += sql_.empty() ? " WHERE " : " AND ";
    sql_ += condition;
    values_.push_back(std::move(value));
  }
  void add(std::string_view condition) {
    sql_ += sql_.empty() ? " WHERE " : " AND ";
    sql_ += condition;
  }
  const std::string& sql() const { return sql_; }
  const Values& values() const { return values_; }

 private:
  std::string sql_;
  Values values_;
};

/// A conflict of an insert or update, told in the user's words.
template <class T>
Result<T> or_conflict(Result<T> result, const std::string& message) {
  if (!result && result.error().code() == Code::conflict) return Failure(Error(Code::conflict, message));
  return result;
}

/// For nullable DATETIME columns: the zero time is stored as NULL.
inline Value time_or_null(Timestamp time) { return time.is_zero() ? Value(nullptr) : time_value(time); }
/// For NOT NULL DATETIME columns whose absence means "now".
inline Value time_or_now(Timestamp time) { return time_value(time.is_zero() ? Timestamp::now() : time); }
inline Value number(auto value) { return static_cast<int64_t>(value); }

}  // namespace db
