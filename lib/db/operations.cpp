// Operation rows.
#include "db/operations.h"

namespace db::operations {

Result<> add(Tx& tx, const std::string& uuid, int type, const std::string& project) {
  Value name = project.empty() ? Value(nullptr) : Value(project);
  TRY(tx.insert("INSERT INTO operations (uuid, node_id, type, project_id) VALUES (?, 1, ?, (SELECT id FROM projects WHERE name = ?))",
                {uuid, int64_t{type}, name}));
  return {};
}

Result<> remove(Tx& tx, const std::string& uuid) {
  TRY(tx.exec("DELETE FROM operations WHERE uuid = ?", {uuid}));
  return {};
}

Result<> clear(Tx& tx) {
  TRY(tx.exec("DELETE FROM operations WHERE node_id = 1"));
  return {};
}

}  // namespace db::operations
