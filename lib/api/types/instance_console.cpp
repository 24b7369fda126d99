#include "api/types/instance_console.h"

#include "api/codec.h"

namespace api {

API_TYPE(InstanceConsoleControl) {
  return fields<InstanceConsoleControl>(
      field<&InstanceConsoleControl::command>("command"),
      field<&InstanceConsoleControl::args>("args"));
}

API_TYPE(InstanceConsolePost) {
  return fields<InstanceConsolePost>(
      field<&InstanceConsolePost::width>("width"),
      field<&InstanceConsolePost::height>("height"),
      field<&InstanceConsolePost::type>("type"),
      field<&InstanceConsolePost::force>("force"));
}

}  // namespace api
