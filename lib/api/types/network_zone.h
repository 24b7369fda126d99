// Wire types of the "network_zone" part of the REST API: names, order and JSON spelling follow doc/rest-api.yaml.
#pragma once
#include "api/field.h"

namespace api {

struct NetworkZonePut {
  std::string description;
  StringMap config;
};

struct NetworkZonesPost : NetworkZonePut {
  std::string name;
};

struct NetworkZone : NetworkZonePut {
  std::string name;
  std::vector<std::string> used_by;
  std::string project;
};

struct NetworkZoneRecordEntry {
  std::string type;
  uint64_t ttl = 0;
  std::string value;
};

struct NetworkZoneRecordPut {
  std::string description;
  std::vector<NetworkZoneRecordEntry> entries;
  StringMap config;
};

struct NetworkZoneRecordsPost : NetworkZoneRecordPut {
  std::string name;
};

struct NetworkZoneRecord : NetworkZoneRecordPut {
  std::string name;
};

API_DECLARE(NetworkZonePut)
API_DECLARE(NetworkZonesPost)
API_DECLARE(NetworkZone)
API_DECLARE(NetworkZoneRecordEntry)
API_DECLARE(NetworkZoneRecordPut)
API_DECLARE(NetworkZoneRecordsPost)
API_DECLARE(NetworkZoneRecord)

}  // namespace api
