// Wire types of the "instance_nvram" part of the REST API: names, order and JSON spelling follow doc/rest-api.yaml.
#pragma once
#include "api/field.h"

namespace api {

struct InstanceNVRAMVariablePut {
  Json data;
  std::vector<std::string> attributes;
  std::optional<Timestamp> timestamp;
};

struct InstanceNVRAMVariable : InstanceNVRAMVariablePut {
  std::vector<uint64_t> binary;
};

API_DECLARE(InstanceNVRAMVariablePut)
API_DECLARE(InstanceNVRAMVariable)

}  // namespace api
