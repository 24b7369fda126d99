#include "api/types/cluster.h"

#include "api/codec.h"

namespace api {

API_TYPE(ClusterMemberConfigKey) {
  return fields<ClusterMemberConfigKey>(
      field<&ClusterMemberConfigKey::entity>("entity"),
      field<&ClusterMemberConfigKey::name>("name"),
      field<&ClusterMemberConfigKey::key>("key"),
      field<&ClusterMemberConfigKey::value>("value"),
      field<&ClusterMemberConfigKey::description>("description"));
}

API_TYPE(Cluster) {
  return fields<Cluster>(
      field<&Cluster::server_name>("server_name"),
      field<&Cluster::enabled>("enabled"),
      field<&Cluster::member_config>("member_config"));
}

API_TYPE(ClusterPut) {
  return fields<ClusterPut>(
      base<ClusterPut, Cluster>(),
      field<&ClusterPut::cluster_address>("cluster_address"),
      field<&ClusterPut::cluster_certificate>("cluster_certificate"),
      field<&ClusterPut::server_address>("server_address"),
      field<&ClusterPut::cluster_token>("cluster_token"));
}

API_TYPE(ClusterMembersPost) {
  return fields<ClusterMembersPost>(
      field<&ClusterMembersPost::server_name>("server_name"));
}

API_TYPE(ClusterMemberJoinToken) {
  return fields<ClusterMemberJoinToken>(
      field<&ClusterMemberJoinToken::server_name>("server_name"),
      field<&ClusterMemberJoinToken::fingerprint>("fingerprint"),
      field<&ClusterMemberJoinToken::addresses>("addresses"),
      field<&ClusterMemberJoinToken::secret>("secret"),
      field<&ClusterMemberJoinToken::expires_at>("expires_at"));
}

API_TYPE(ClusterMemberPost) {
  return fields<ClusterMemberPost>(
      field<&ClusterMemberPost::server_name>("server_name"));
}

API_TYPE(ClusterMemberPut) {
  return fields<ClusterMemberPut>(
      field<&ClusterMemberPut::roles>("roles"),
      field<&ClusterMemberPut::failure_domain>("failure_domain"),
      field<&ClusterMemberPut::description>("description"),
      field<&ClusterMemberPut::config>("config"),
      field<&ClusterMemberPut::groups>("groups"));
}

API_TYPE(ClusterMember) {
  return fields<ClusterMember>(
      base<ClusterMember, ClusterMemberPut>(),
      field<&ClusterMember::server_name>("server_name"),
      field<&ClusterMember::url>("url"),
      field<&ClusterMember::database>("database"),
      field<&ClusterMember::status>("status"),
      field<&ClusterMember::message>("message"),
      field<&ClusterMember::architecture>("architecture"));
}

API_TYPE(ClusterCertificatePut) {
  return fields<ClusterCertificatePut>(
      field<&ClusterCertificatePut::cluster_certificate>("cluster_certificate"),
      field<&ClusterCertificatePut::cluster_certificate_key>("cluster_certificate_key"));
}

API_TYPE(ClusterMemberStatePost) {
  return fields<ClusterMemberStatePost>(
      field<&ClusterMemberStatePost::action>("action"),
      field<&ClusterMemberStatePost::mode>("mode"));
}

API_TYPE(ClusterGroupPut) {
  return fields<ClusterGroupPut>(
      field<&ClusterGroupPut::description>("description"),
      field<&ClusterGroupPut::members>("members"),
      field<&ClusterGroupPut::config>("config"));
}

API_TYPE(ClusterGroupsPost) {
  return fields<ClusterGroupsPost>(
      base<ClusterGroupsPost, ClusterGroupPut>(),
      field<&ClusterGroupsPost::name>("name"));
}

API_TYPE(ClusterGroupPost) {
  return fields<ClusterGroupPost>(
      field<&ClusterGroupPost::name>("name"));
}

API_TYPE(ClusterGroup) {
  return fields<ClusterGroup>(
      base<ClusterGroup, ClusterGroupPut>(),
      base<ClusterGroup, ClusterGroupPost>(),
      field<&ClusterGroup::used_by>("used_by"));
}

}  // namespace api
