#include "api/types/network_acl.h"

#include "api/codec.h"

namespace api {

API_TYPE(NetworkACLRule) {
  return fields<NetworkACLRule>(
      field<&NetworkACLRule::action>("action"),
      field<&NetworkACLRule::source>("source", kOmitEmpty),
      field<&NetworkACLRule::destination>("destination", kOmitEmpty),
      field<&NetworkACLRule::protocol>("protocol", kOmitEmpty),
      field<&NetworkACLRule::source_port>("source_port", kOmitEmpty),
      field<&NetworkACLRule::destination_port>("destination_port", kOmitEmpty),
      field<&NetworkACLRule::icmp_type>("icmp_type", kOmitEmpty),
      field<&NetworkACLRule::icmp_code>("icmp_code", kOmitEmpty),
      field<&NetworkACLRule::description>("description", kOmitEmpty),
      field<&NetworkACLRule::state>("state"));
}

API_TYPE(NetworkACLPost) {
  return fields<NetworkACLPost>(
      field<&NetworkACLPost::name>("name"));
}

API_TYPE(NetworkACLPut) {
  return fields<NetworkACLPut>(
      field<&NetworkACLPut::description>("description"),
      field<&NetworkACLPut::egress>("egress"),
      field<&NetworkACLPut::ingress>("ingress"),
      field<&NetworkACLPut::config>("config"));
}

API_TYPE(NetworkACL) {
  return fields<NetworkACL>(
      base<NetworkACL, NetworkACLPost>(),
      base<NetworkACL, NetworkACLPut>(),
      field<&NetworkACL::used_by>("used_by"),
      field<&NetworkACL::project>("project"));
}

API_TYPE(NetworkACLsPost) {
  return fields<NetworkACLsPost>(
      base<NetworkACLsPost, NetworkACLPost>(),
      base<NetworkACLsPost, NetworkACLPut>());
}

}  // namespace api
