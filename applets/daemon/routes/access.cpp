// /1.0/instances/{name}/access and /1.0/projects/{name}/access: who may get to something, by the trusted certificates.
#include "api/types/access.h"
#include "applets/daemon/routes/instance_common.h"
#include "db/projects.h"

namespace incusd {
namespace {

using http::Method;

/// What the certificate may do in the project; empty: nothing.
std::string role_in(const api::Certificate& certificate, const std::string& project) {
  bool here = !certificate.restricted || contains(certificate.projects, project);
  if (certificate.type == "metrics") return here ? "view" : "";
  if (certificate.type != "client" || !here) return "";
  return certificate.restricted ? "operator" : "admin";
}

Reply access_to(Call& call, const std::string& project) {
  Json out = Json::array();
  for (const api::Certificate& certificate : call.daemon.trust.all()) {
    std::string role = role_in(certificate, project);
    if (!role.empty()) out.push_back(api::to_json(api::AccessEntry{.identifier = certificate.fingerprint, .role = std::move(role), .provider = "tls"}));
  }
  return ok(api::dump_json(out));
}

Result<Reply> instance_access(Call& call) {
  TRY(find_instance(call));
  return access_to(call, call.project);
}

Result<Reply> project_access(Call& call) {
  std::string name = call.param("name");
  TRY(call.daemon.global->read([&](db::Tx& tx) { return db::projects::load(tx, name); }));
  return access_to(call, name);
}

constexpr Route kRoutes[] = {
    {Method::get, "/1.0/instances/{name}/access", kViewInstance, kProject, instance_access, "Who may get to an instance"},
    {Method::get, "/1.0/projects/{name}/access", allow("project", "can_edit", "name"), kNoFlags, project_access, "Who may get to a project"},
};

}  // namespace

extern const Routes access_routes = kRoutes;

}  // namespace incusd
