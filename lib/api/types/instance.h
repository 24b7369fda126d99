// Wire types of the "instance" part of the REST API: names, order and JSON spelling follow doc/rest-api.yaml.
#pragma once
#include "api/field.h"
#include "api/types/instance_backup.h"
#include "api/types/instance_snapshot.h"
#include "api/types/instance_state.h"

namespace api {

struct InstancePut {
  std::string architecture;
  StringMap config;
  DevicesMap devices;
  bool ephemeral = false;
  std::vector<std::string> profiles;
  std::string restore;
  bool disk_only = false;
  bool stateful = false;
  std::string description;
};

struct InstanceSource {
  std::string type;
  std::string certificate;
  std::string alias;
  std::string fingerprint;
  StringMap properties;
  std::string server;
  std::string secret;
  std::string protocol;
  std::string base_image;
  std::string mode;
  std::string operation;
  StringMap secrets;
  std::string source;
  bool live = false;
  bool instance_only = false;
  bool refresh = false;
  bool refresh_exclude_older = false;
  std::string project;
  bool allow_inconsistent = false;
};

struct InstancesPost : InstancePut {
  std::string name;
  InstanceSource source;
  std::string instance_type;
  std::string type;
  bool start = false;
};

struct InstancesPut {
  std::optional<InstanceStatePut> state;
};

struct InstancePost {
  std::string name;
  bool migration = false;
  bool live = false;
  bool refresh = false;
  bool instance_only = false;
  std::optional<InstancePostTarget> target;
  std::string pool;
  std::string project;
  bool allow_inconsistent = false;
  StringMap config;
  DevicesMap devices;
  std::vector<std::string> profiles;
};

struct InstanceRebuildPost {
  InstanceSource source;
};

struct Instance : InstancePut {
  Timestamp created_at;
  StringMap expanded_config;
  DevicesMap expanded_devices;
  std::string name;
  std::string status;
  int64_t status_code = 0;
  Timestamp last_used_at;
  std::string location;
  std::string type;
  std::string project;
};

struct InstanceFull : Instance {
  std::vector<InstanceBackup> backups;
  std::optional<InstanceState> state;
  std::vector<InstanceSnapshot> snapshots;
};

API_DECLARE(InstancePut)
API_DECLARE(InstanceSource)
API_DECLARE(InstancesPost)
API_DECLARE(InstancesPut)
API_DECLARE(InstancePost)
API_DECLARE(InstanceRebuildPost)
API_DECLARE(Instance)
API_DECLARE(InstanceFull)

}  // namespace api
