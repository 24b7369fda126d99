// Wire types of the "profile" part of the REST API: names, order and JSON spelling follow doc/rest-api.yaml.
#pragma once
#include "api/field.h"

namespace api {

struct ProfilePut {
  StringMap config;
  std::string description;
  DevicesMap devices;
};

struct ProfilesPost : ProfilePut {
  std::string name;
};

struct ProfilePost {
  std::string name;
};

struct Profile : ProfilePut {
  std::string name;
  std::vector<std::string> used_by;
  std::string project;
};

API_DECLARE(ProfilePut)
API_DECLARE(ProfilesPost)
API_DECLARE(ProfilePost)
API_DECLARE(Profile)

}  // namespace api
