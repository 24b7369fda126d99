#include "db/member_objects.h"

#include "db/query.h"

namespace db {
namespace {

Result<> save(Tx& tx, const MemberTable& table, int64_t id, const StringMap& config) {
  TRY(save_config(tx, table.config, id, config));
  TRY(tx.exec(std::format("UPDATE {} SET node_id = 1 WHERE {} = ? AND node_id IS NULL AND key IN ({})", table.config.table, table.config.owner, table.member_keys), {id}));
  return {};
}

}  // namespace

Result<> join_member(Tx& tx, const MemberTable& table, int64_t id, const StringMap& config) {
  TRY(tx.insert(std::format("INSERT INTO {} ({}, node_id, state) VALUES (?, 1, 0)", table.members, table.config.owner), {id}));
  return save(tx, table, id, config);
}

Result<> update_object(Tx& tx, const MemberTable& table, int64_t id, const std::string& description, const StringMap& config) {
  TRY(tx.exec(std::format("UPDATE {} SET description = ? WHERE id = ?", table.table), {description, id}));
  return save(tx, table, id, config);
}

Result<> set_object_state(Tx& tx, const MemberTable& table, int64_t id, State state) {
  TRY(tx.exec(std::format("UPDATE {} SET state = ? WHERE id = ?", table.table), {number(state), id}));
  TRY(tx.exec(std::format("UPDATE {} SET state = ? WHERE {} = ? AND node_id = 1", table.members, table.config.owner), {number(state), id}));
  return {};
}

Result<> remove_object(Tx& tx, const MemberTable& table, int64_t id) {
  TRY(tx.exec(std::format("DELETE FROM {} WHERE id = ?", table.table), {id}));
  return {};
}

}  // namespace db
