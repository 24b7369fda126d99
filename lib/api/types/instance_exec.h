// Wire types of the "instance_exec" part of the REST API: names, order and JSON spelling follow doc/rest-api.yaml.
#pragma once
#include "api/field.h"

namespace api {

struct InstanceExecControl {
  std::string command;
  StringMap args;
  int64_t signal = 0;
};

struct InstanceExecPost {
  std::vector<std::string> command;
  bool wait_for_websocket = false;
  bool interactive = false;
  StringMap environment;
  int64_t width = 0;
  int64_t height = 0;
  bool record_output = false;
  uint64_t user = 0;
  uint64_t group = 0;
  std::string cwd;
};

API_DECLARE(InstanceExecControl)
API_DECLARE(InstanceExecPost)

}  // namespace api
