// Wire types of the "instance_snapshot" part of the REST API: names, order and JSON spelling follow doc/rest-api.yaml.
#pragma once
#include "api/field.h"

namespace api {

struct InstancePostTarget {
  std::string certificate;
  std::string operation;
  StringMap secrets;
};

struct InstanceSnapshotsPost {
  std::string name;
  bool stateful = false;
  std::optional<Timestamp> expires_at;
};

struct InstanceSnapshotPost {
  std::string name;
  bool migration = false;
  std::optional<InstancePostTarget> target;
  bool live = false;
};

struct InstanceSnapshotPut {
  Timestamp expires_at;
};

struct InstanceSnapshot : InstanceSnapshotPut {
  std::string architecture;
  StringMap config;
  Timestamp created_at;
  std::string description;
  DevicesMap devices;
  bool ephemeral = false;
  StringMap expanded_config;
  DevicesMap expanded_devices;
  Timestamp last_used_at;
  std::string name;
  std::vector<std::string> profiles;
  bool stateful = false;
  int64_t size = 0;
};

API_DECLARE(InstancePostTarget)
API_DECLARE(InstanceSnapshotsPost)
API_DECLARE(InstanceSnapshotPost)
API_DECLARE(InstanceSnapshotPut)
API_DECLARE(InstanceSnapshot)

}  // namespace api
