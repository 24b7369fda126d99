// Wire types of the "error" part of the REST API: names, order and JSON spelling follow doc/rest-api.yaml.
#pragma once
#include "api/field.h"

namespace api {

struct StatusError {
  int64_t status = 0;
  std::string msg;
};

API_DECLARE(StatusError)

}  // namespace api
