// Network zones: DNS zones whose records come from networks' leases and from the user.
#pragma once
#include <vector>

#include "api/types/network_zone.h"
#include "network/network.h"

namespace network::zone {

struct Zone : api::NetworkZonePut {
  int64_t id = 0;
  std::string project, name;
};
struct Record : api::NetworkZoneRecordPut {
  int64_t id = 0;
  std::string name;
};

Result<std::vector<Zone>> load_all(const Environment& env, const std::string& project);
/// Errors: not_found: `Network zone not found`.
Result<Zone> load(const Environment& env, const std::string& project, const std::string& name);
/// Errors: invalid; conflict; forbidden where the project's restrictions don't cover the name.
Result<> create(const Environment& env, const std::string& project, const api::NetworkZonesPost& request);
Result<> update(const Environment& env, const Zone& zone, const api::NetworkZonePut& put);
Result<> remove(const Environment& env, const Zone& zone);
/// URLs of the networks whose names it holds.
Result<StringList> used_by(const Environment& env, const std::string& name);

Result<std::vector<Record>> load_records(const Environment& env, const Zone& zone);
/// Errors: not_found: `Network zone record not found`.
Result<Record> load_record(const Environment& env, const Zone& zone, const std::string& name);
Result<> create_record(const Environment& env, const Zone& zone, const api::NetworkZoneRecordsPost& request);
Result<> update_record(const Environment& env, const Zone& zone, const Record& record, const api::NetworkZoneRecordPut& put);
Result<> remove_record(const Environment& env, const Record& record);

}  // namespace network::zone
