// Warning rows.
#include "db/warnings.h"

#include "base/encode.h"
#include "db/query.h"

namespace db::warnings {

namespace {

constexpr std::string_view kSelect =
    "SELECT w.id, w.uuid, IFNULL(n.name, ''), IFNULL(p.name, ''), IFNULL(w.entity_type_code, -1), IFNULL(w.entity_id, -1), w.type_code, "
    "w.status, w.count, w.first_seen_date, w.last_seen_date, w.updated_date, w.last_message FROM warnings w "
    "LEFT JOIN nodes n ON n.id = w.node_id LEFT JOIN projects p ON p.id = w.project_id";

Row read(const db::Row& row) {
  return {.id = row.integer(0), .uuid = row.text(1), .location = row.text(2), .project = row.text(3), .entity_type = row.integer(4),
          .entity_id = row.integer(5), .type = static_cast<int>(row.integer(6)), .status = static_cast<WarningStatus>(row.integer(7)),
          .count = row.integer(8), .first_seen = row.time(9), .last_seen = row.time(10), .updated = row.time(11), .message = row.text(12)};
}

Value name_or_null(const std::string& name) { return name.empty() ? Value(nullptr) : Value(name); }
Value id_or_null(int64_t id) { return id == -1 ? Value(nullptr) : Value(id); }

}  // namespace

Result<std::vector<Row>> load_all(Tx& tx, const std::string& project) {
  Where where;
  if (!project.empty()) where.add("p.name = ?", project);
  return select<Row>(tx, std::string(kSelect) + where.sql() + " ORDER BY w.uuid", where.values(), read);
}

Result<Row> load(Tx& tx, const std::string& uuid) {
  return only(TRY(select<Row>(tx, std::string(kSelect) + " WHERE w.uuid = ?", {uuid}, read)), "Warning");
}

Result<> upsert(Tx& tx, const Subject& subject, const std::string& message) {
  Value now = time_value(Timestamp::now());
  // status 3 is "resolved": it has happened again, so it is new again.
  int64_t changed = TRY(tx.exec(
      "UPDATE warnings SET last_message = ?, last_seen_date = ?, updated_date = ?, status = iif(status = 3, 1, status), count = count + 1 "
      "WHERE node_id IS (SELECT id FROM nodes WHERE name = ?) AND project_id IS (SELECT id FROM projects WHERE name = ?) AND "
      "entity_type_code IS ? AND entity_id IS ? AND type_code = ?",
      {message, now, now, name_or_null(subject.location), name_or_null(subject.project), id_or_null(subject.entity_type),
       id_or_null(subject.entity_id), number(subject.type)}));
  if (changed > 0) return {};
  TRY(tx.insert("INSERT INTO warnings (node_id, project_id, entity_type_code, entity_id, uuid, type_code, status, first_seen_date, "
                "last_seen_date, updated_date, last_message, count) VALUES ((SELECT id FROM nodes WHERE name = ?), (SELECT id FROM projects WHERE "
                "name = ?), ?, ?, ?, ?, 1, ?, ?, ?, ?, 1)",
                {name_or_null(subject.location), name_or_null(subject.project), id_or_null(subject.entity_type), id_or_null(subject.entity_id),
                 random_uuid(), number(subject.type), now, now, time_value({}), message}));
  return {};
}

Result<> set_status(Tx& tx, const std::string& uuid, WarningStatus status) {
  if (TRY(tx.exec("UPDATE warnings SET status = ?, updated_date = ? WHERE uuid = ?",
                  {number(status), time_value(Timestamp::now()), uuid})) == 0)
    return fail(Code::not_found, "Warning not found");
  return {};
}

Result<> resolve(Tx& tx, const Match& match) {
  Where where;
  where.add("status != 3");
  where.add("IFNULL(node_id, 1) = 1");
  if (match.project) where.add("project_id IS (SELECT id FROM projects WHERE name = ?)", name_or_null(*match.project));
  if (match.type) where.add("type_code = ?", number(*match.type));
  if (match.entity_type) where.add("entity_type_code = ?", *match.entity_type);
  if (match.entity_id) where.add("entity_id = ?", *match.entity_id);
  Values values = where.values();
  values.insert(values.begin(), time_value(Timestamp::now()));
  TRY(tx.exec("UPDATE warnings SET status = 3, updated_date = ?" + where.sql(), values));
  return {};
}

Result<> remove(Tx& tx, const std::string& uuid) {
  if (TRY(tx.exec("DELETE FROM warnings WHERE uuid = ?", {uuid})) == 0) return fail(Code::not_found, "Warning not found");
  return {};
}

Result<> remove_of_entity(Tx& tx, int64_t entity_type, int64_t entity_id) {
  TRY(tx.exec("DELETE FROM warnings WHERE entity_type_code = ? AND entity_id = ?", {entity_type, entity_id}));
  return {};
}

Result<int64_t> prune_resolved(Tx& tx, Timestamp when) {
  int64_t removed = 0;
  for (const Row& row : TRY(load_all(tx))) {
    if (row.status != WarningStatus::resolved || row.updated >= when) continue;
    TRY(remove(tx, row.uuid));
    ++removed;
  }
  return removed;
}

}  // namespace db::warnings
