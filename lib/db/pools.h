// Storage pools.
#pragma once
#include "api/types/storage_pool.h"
#include "db/codes.h"
#include "db/database.h"

namespace db::pools {

struct Row : api::StoragePoolPut {
  int64_t id = 0;
  std::string name;
  std::string driver;
  State state = State::pending;
};

Result<std::vector<Row>> load_all(Tx& tx);
/// Errors: not_found "Storage pool not found".
Result<Row> load(Tx& tx, const std::string& name);
Result<int64_t> id_of(Tx& tx, const std::string& name);
/// In state pending. Errors: conflict.
Result<int64_t> create(Tx& tx, const api::StoragePoolsPost& pool);
Result<> update(Tx& tx, int64_t id, const api::StoragePoolPut& put);
Result<> set_state(Tx& tx, int64_t id, State state);
Result<> remove(Tx& tx, int64_t id);
/// API paths of instances, images, custom volumes, buckets and profiles that use the pool.
Result<StringList> used_by(Tx& tx, const Row& pool);

}  // namespace db::pools
