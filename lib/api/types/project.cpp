#include "api/types/project.h"

#include "api/codec.h"

namespace api {

API_TYPE(ProjectPut) {
  return fields<ProjectPut>(
      field<&ProjectPut::config>("config"),
      field<&ProjectPut::description>("description"));
}

API_TYPE(ProjectsPost) {
  return fields<ProjectsPost>(
      base<ProjectsPost, ProjectPut>(),
      field<&ProjectsPost::name>("name"));
}

API_TYPE(ProjectPost) {
  return fields<ProjectPost>(
      field<&ProjectPost::name>("name"));
}

API_TYPE(Project) {
  return fields<Project>(
      base<Project, ProjectPut>(),
      field<&Project::name>("name"),
      field<&Project::used_by>("used_by"));
}

API_TYPE(ProjectStateResource) {
  return fields<ProjectStateResource>(
      field<&ProjectStateResource::limit>("Limit"),
      field<&ProjectStateResource::usage>("Usage"));
}

API_TYPE(ProjectState) {
  return fields<ProjectState>(
      field<&ProjectState::resources>("resources"));
}

}  // namespace api
