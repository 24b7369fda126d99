// Wire types of the "event" part of the REST API: names, order and JSON spelling follow doc/rest-api.yaml.
#pragma once
#include "api/field.h"

namespace api {

struct Event {
  std::string type;
  Timestamp timestamp;
  Json metadata;
  std::string location;
  std::string project;
};

struct EventLogRecord {
  Timestamp time;
  std::string lvl;
  std::string msg;
  std::vector<Json> ctx;
};

struct EventLogging {
  std::string message;
  std::string level;
  StringMap context;
};

struct EventLifecycleRequestor {
  std::string username;
  std::string protocol;
  std::string address;
};

struct EventLifecycle {
  std::string action;
  std::string source;
  Json context;
  std::optional<EventLifecycleRequestor> requestor;
  std::string name;
  std::string project;
};

API_DECLARE(Event)
API_DECLARE(EventLogRecord)
API_DECLARE(EventLogging)
API_DECLARE(EventLifecycleRequestor)
API_DECLARE(EventLifecycle)

}  // namespace api
