// Wire types of the "access" part of the REST API: names, order and JSON spelling follow doc/rest-api.yaml.
#pragma once
#include "api/field.h"

namespace api {

struct AccessEntry {
  std::string identifier;
  std::string role;
  std::string provider;
};

API_DECLARE(AccessEntry)

}  // namespace api
