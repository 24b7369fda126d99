// Warning rows; core/warnings gives them meaning.
#pragma once
#include <optional>

#include "db/codes.h"
#include "db/database.h"

namespace db::warnings {

struct Row {
  int64_t id = 0;
  std::string uuid;
  std::string location;
  std::string project;
  int64_t entity_type = -1;  ///< -1: none
  int64_t entity_id = -1;
  int type = 0;
  WarningStatus status = WarningStatus::fresh;
  int64_t count = 1;
  Timestamp first_seen;
  Timestamp last_seen;
  Timestamp updated;
  std::string message;
};

/// What a warning is about: one row exists per subject.
struct Subject {
  std::string location = "none";  ///< member name; empty: about no member
  std::string project;            ///< empty: none
  int64_t entity_type = -1;
  int64_t entity_id = -1;
  int type = 0;
};

Result<std::vector<Row>> load_all(Tx& tx, const std::string& project = "");
/// Errors: not_found "Warning not found".
Result<Row> load(Tx& tx, const std::string& uuid);
/// Counts up an existing row (a resolved one becomes new again) or adds one.
Result<> upsert(Tx& tx, const Subject& subject, const std::string& message);
Result<> set_status(Tx& tx, const std::string& uuid, WarningStatus status);
/// Marks as resolved what matches; unset members match everything.
struct Match {
  std::optional<std::string> project;
  std::optional<int> type;
  std::optional<int64_t> entity_type;
  std::optional<int64_t> entity_id;
};
Result<> resolve(Tx& tx, const Match& match);
Result<> remove(Tx& tx, const std::string& uuid);
/// Removes all warnings about one entity (it is gone).
Result<> remove_of_entity(Tx& tx, int64_t entity_type, int64_t entity_id);
/// Removes rows resolved before `when`.
Result<int64_t> prune_resolved(Tx& tx, Timestamp when);

}  // namespace db::warnings
