#include "core/auth.h"

#include <algorithm>

namespace core {
namespace {

struct Entitlements {
  std::string_view type;
  StringList names;
};

/// Every entitlement there is, by object type (wire.md, section 7.1): a misspelt one must never pass, not even for administrators.
const std::vector<Entitlements>& known() {
  static const std::vector<Entitlements> kKnown = {
      {"server",
       {"can_create_certificates", "can_create_network_integrations", "can_create_projects", "can_create_storage_pools", "can_edit",
        "can_override_cluster_target_restriction", "can_view", "can_view_metrics", "can_view_resources", "can_view_sensitive",
        "can_view_privileged_events"}},
      {"project",
       {"can_create_image_aliases", "can_create_images", "can_create_instances", "can_create_network_acls",
        "can_create_network_address_sets", "can_create_networks", "can_create_network_zones", "can_create_profiles",
        "can_create_storage_buckets", "can_create_storage_volumes", "can_edit", "can_view", "can_view_events", "can_view_operations"}},
      {"instance",
       {"can_access_console", "can_access_files", "can_connect_nbd", "can_connect_sftp", "can_connect_tcp", "can_edit", "can_exec",
        "can_manage_backups", "can_manage_snapshots", "can_update_state", "can_view"}},
      {"storage_volume",
       {"can_edit", "can_view", "can_access_files", "can_connect_nbd", "can_connect_sftp", "can_manage_backups", "can_manage_snapshots"}},
  };
  return kKnown;
}

const StringList kPlainTypes = {"certificate", "image", "image_alias", "network", "network_acl", "network_address_set", "network_forward",
                                "network_integration", "network_zone", "profile", "storage_bucket", "storage_pool"};

bool is_known(std::string_view type, std::string_view entitlement) {
  auto found = std::ranges::find(known(), type, &Entitlements::type);
  if (found != known().end()) return contains(found->names, entitlement);
  return contains(kPlainTypes, type) && (entitlement == "can_edit" || entitlement == "can_view");
}

/// What restricted certificates may see of the default project: resources their own project may inherit from it.
bool is_inherited(std::string_view type) {
  static const StringList kTypes = {"image", "profile", "storage_volume", "storage_bucket", "network", "network_zone"};
  return contains(kTypes, type);
}

}  // namespace

Result<> Identity::check(const AuthObject& object, std::string_view entitlement) const {
  if (!is_known(object.type, entitlement)) return fail(Code::forbidden, "Unknown permission {} on {}", quote(entitlement), object.type);
  if (!trusted) return fail(Code::forbidden, "not authorized");
  if (admin) return {};
  if (certificate_type == "metrics") {
    if (entitlement == "can_view_metrics") return {};
    return fail(Code::forbidden, "Certificate is restricted");
  }
  if (object.type == "server") {
    if (entitlement == "can_view" || entitlement == "can_view_resources" || entitlement == "can_view_metrics") return {};
    return fail(Code::forbidden, "Certificate is restricted");
  }
  if (object.type == "storage_pool" || object.type == "certificate") {
    if (entitlement == "can_view") return {};
    return fail(Code::forbidden, "Certificate is restricted");
  }
  bool is_project = object.type == "project";
  if (is_project && entitlement == "can_edit") return fail(Code::forbidden, "Certificate is restricted");
  const std::string& project = is_project && !object.name.empty() ? object.name : object.project;
  if (contains(projects, project)) return {};
  if (project == "default" && entitlement == "can_view" && is_inherited(object.type)) return {};
  return fail(Code::forbidden, "User does not have permission for project {}", quote(project));
}

}  // namespace core
