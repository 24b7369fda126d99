// Wire types of the "operation" part of the REST API: names, order and JSON spelling follow doc/rest-api.yaml.
#pragma once
#include "api/field.h"

namespace api {

struct Operation {
  std::string id;
  std::string class_;
  std::string description;
  Timestamp created_at;
  Timestamp updated_at;
  std::string status;
  int64_t status_code = 0;
  std::map<std::string, std::vector<std::string>> resources;
  Json metadata;
  bool may_cancel = false;
  std::string err;
  std::string location;
};

API_DECLARE(Operation)

}  // namespace api
