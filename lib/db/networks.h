// Managed networks.
#pragma once
#include "api/types/network.h"
#include "db/codes.h"
#include "db/database.h"

namespace db::networks {

struct Row : api::NetworkPut {
  int64_t id = 0;
  std::string project;
  std::string name;
  NetworkType type = NetworkType::bridge;
  State state = State::pending;
};

/// In a project, or everywhere if empty; ordered by project and name. Two queries.
Result<std::vector<Row>> load_all(Tx& tx, const std::string& project = "");
/// Errors: not_found "Network not found".
Result<Row> load(Tx& tx, const std::string& project, const std::string& name);
/// In state pending. Errors: conflict.
Result<int64_t> create(Tx& tx, const std::string& project, const std::string& name, NetworkType type, const api::NetworkPut& put);
Result<> update(Tx& tx, int64_t id, const api::NetworkPut& put);
Result<> set_state(Tx& tx, int64_t id, State state);
Result<> rename(Tx& tx, int64_t id, const std::string& name);
Result<> remove(Tx& tx, int64_t id);

}  // namespace db::networks
