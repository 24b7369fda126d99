// Wire types of the "cluster" part of the REST API: names, order and JSON spelling follow doc/rest-api.yaml.
#pragma once
#include "api/field.h"

namespace api {

struct ClusterMemberConfigKey {
  std::string entity;
  std::string name;
  std::string key;
  std::string value;
  std::string description;
};

struct Cluster {
  std::string server_name;
  bool enabled = false;
  std::vector<ClusterMemberConfigKey> member_config;
};

struct ClusterPut : Cluster {
  std::string cluster_address;
  std::string cluster_certificate;
  std::string server_address;
  std::string cluster_token;
};

struct ClusterMembersPost {
  std::string server_name;
};

struct ClusterMemberJoinToken {
  std::string server_name;
  std::string fingerprint;
  std::vector<std::string> addresses;
  std::string secret;
  Timestamp expires_at;
};

struct ClusterMemberPost {
  std::string server_name;
};

struct ClusterMemberPut {
  std::vector<std::string> roles;
  std::string failure_domain;
  std::string description;
  StringMap config;
  std::vector<std::string> groups;
};

struct ClusterMember : ClusterMemberPut {
  std::string server_name;
  std::string url;
  bool database = false;
  std::string status;
  std::string message;
  std::string architecture;
};

struct ClusterCertificatePut {
  std::string cluster_certificate;
  std::string cluster_certificate_key;
};

struct ClusterMemberStatePost {
  std::string action;
  std::string mode;
};

struct ClusterGroupPut {
  std::string description;
  std::vector<std::string> members;
  StringMap config;
};

struct ClusterGroupsPost : ClusterGroupPut {
  std::string name;
};

struct ClusterGroupPost {
  std::string name;
};

struct ClusterGroup : ClusterGroupPut, ClusterGroupPost {
  std::vector<std::string> used_by;
};

API_DECLARE(ClusterMemberConfigKey)
API_DECLARE(Cluster)
API_DECLARE(ClusterPut)
API_DECLARE(ClusterMembersPost)
API_DECLARE(ClusterMemberJoinToken)
API_DECLARE(ClusterMemberPost)
API_DECLARE(ClusterMemberPut)
API_DECLARE(ClusterMember)
API_DECLARE(ClusterCertificatePut)
API_DECLARE(ClusterMemberStatePost)
API_DECLARE(ClusterGroupPut)
API_DECLARE(ClusterGroupsPost)
API_DECLARE(ClusterGroupPost)
API_DECLARE(ClusterGroup)

}  // namespace api
