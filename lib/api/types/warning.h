// Wire types of the "warning" part of the REST API: names, order and JSON spelling follow doc/rest-api.yaml.
#pragma once
#include "api/field.h"

namespace api {

struct WarningPut {
  std::string status;
};

struct Warning : WarningPut {
  std::string uuid;
  std::string location;
  std::string project;
  std::string type;
  int64_t count = 0;
  Timestamp first_seen_at;
  Timestamp last_seen_at;
  std::string last_message;
  std::string severity;
  std::string entity_url;
};

API_DECLARE(WarningPut)
API_DECLARE(Warning)

}  // namespace api
