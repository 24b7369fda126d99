// Wire types of the "project" part of the REST API: names, order and JSON spelling follow doc/rest-api.yaml.
#pragma once
#include "api/field.h"

namespace api {

struct ProjectPut {
  StringMap config;
  std::string description;
};

struct ProjectsPost : ProjectPut {
  std::string name;
};

struct ProjectPost {
  std::string name;
};

struct Project : ProjectPut {
  std::string name;
  std::vector<std::string> used_by;
};

struct ProjectStateResource {
  int64_t limit = 0;
  int64_t usage = 0;
};

struct ProjectState {
  std::map<std::string, ProjectStateResource> resources;
};

API_DECLARE(ProjectPut)
API_DECLARE(ProjectsPost)
API_DECLARE(ProjectPost)
API_DECLARE(Project)
API_DECLARE(ProjectStateResource)
API_DECLARE(ProjectState)

}  // namespace api
