// Wire types of the "response" part of the REST API: names, order and JSON spelling follow doc/rest-api.yaml.
#pragma once
#include "api/field.h"

namespace api {

struct ResponseRaw {
  std::string type;
  std::string status;
  int64_t status_code = 0;
  std::string operation;
  int64_t error_code = 0;
  std::string error;
  Json metadata;
};

struct Response {
  std::string type;
  std::string status;
  int64_t status_code = 0;
  std::string operation;
  int64_t error_code = 0;
  std::string error;
  Json metadata;
};

API_DECLARE(ResponseRaw)
API_DECLARE(Response)

}  // namespace api
