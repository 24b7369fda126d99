#include "api/types/profile.h"

#include "api/codec.h"

namespace api {

API_TYPE(ProfilePut) {
  return fields<ProfilePut>(
      field<&ProfilePut::config>("config"),
      field<&ProfilePut::description>("description"),
      field<&ProfilePut::devices>("devices"));
}

API_TYPE(ProfilesPost) {
  return fields<ProfilesPost>(
      base<ProfilesPost, ProfilePut>(),
      field<&ProfilesPost::name>("name"));
}

API_TYPE(ProfilePost) {
  return fields<ProfilePost>(
      field<&ProfilePost::name>("name"));
}

API_TYPE(Profile) {
  return fields<Profile>(
      base<Profile, ProfilePut>(),
      field<&Profile::name>("name"),
      field<&Profile::used_by>("used_by"),
      field<&Profile::project>("project"));
}

}  // namespace api
