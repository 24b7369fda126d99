// Wire types of the "instance_debug" part of the REST API: names, order and JSON spelling follow doc/rest-api.yaml.
#pragma once
#include "api/field.h"

namespace api {

struct InstanceDebugRepairPost {
  std::string action;
};

API_DECLARE(InstanceDebugRepairPost)

}  // namespace api
