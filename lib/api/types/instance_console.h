// Wire types of the "instance_console" part of the REST API: names, order and JSON spelling follow doc/rest-api.yaml.
#pragma once
#include "api/field.h"

namespace api {

struct InstanceConsoleControl {
  std::string command;
  StringMap args;
};

struct InstanceConsolePost {
  int64_t width = 0;
  int64_t height = 0;
  std::string type;
  bool force = false;
};

API_DECLARE(InstanceConsoleControl)
API_DECLARE(InstanceConsolePost)

}  // namespace api
