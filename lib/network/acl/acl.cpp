// ACLs in the database, and who uses them.
#include "network/acl/acl.h"

#include "network/acl/validate.h"
#include "network/attached.h"
#include "network/nic_filter.h"
#include "network/projects.h"
#include "network/stored.h"
#include "network/user_urls.h"

namespace network::acl {
namespace {

namespace records = db::network_records;

Result<Acl> parse(const records::Row& row) {
  Acl acl = from_row<Acl>(row);
  TRY_CTX(parse_list(row.json[0], acl.ingress), "Failed loading rules of network ACL {}", quote(row.name));
  TRY_CTX(parse_list(row.json[1], acl.egress), "Failed loading rules of network ACL {}", quote(row.name));
  return acl;
}

records::Row row_of(const Acl& acl) { return to_row(acl, {api::dump(acl.ingress), api::dump(acl.egress)}); }

bool names(const std::string& list, const std::string& name) { return contains(split_list(list), name); }

/// Do another ACL's rules name this one?
bool refers(const Acl& other, const std::string& name) {
  for (const auto& rule : other.ingress)
    if (names(rule.source, name)) return true;
  for (const auto& rule : other.egress)
    if (names(rule.destination, name)) return true;
  return false;
}

}  // namespace

Result<std::vector<Acl>> load_all(const Environment& env, const std::string& project) {
  return parse_rows<Acl>(TRY(stored_rows(env, records::kAcls, in_project(project))), parse);
}

Result<Acl> load(const Environment& env, const std::string& project, const std::string& name) {
  return parse(TRY(stored_row(env, records::kAcls, named(project, name))));
}

Result<> create(const Environment& env, const std::string& project, const api::NetworkACLsPost& request) {
  Acl acl;
  static_cast<api::NetworkACLPut&>(acl) = request;
  acl.project = project;
  acl.name = request.name;
  if (load(env, project, acl.name)) return fail(Code::invalid, "The network ACL already exists");
  TRY(check_name(acl.name));
  TRY(check(env, project, acl));
  TRY(store_new(env, records::kAcls, row_of(acl)));
  return {};
}

Result<> update(const Context& ctx, const Environment& env, const Acl& acl, api::NetworkACLPut put) {
  TRY(check(env, acl.project, put));
  Acl changed = acl;
  static_cast<api::NetworkACLPut&>(changed) = std::move(put);
  return store_and_apply(acl, changed, [&](const Acl& what) { return store_changed(env, records::kAcls, row_of(what)); },
                         [&] { return apply_everywhere(ctx, env, acl.project, {acl.name}); });
}

Result<> rename(const Environment& env, const Acl& acl, const std::string& name) {
  if (load(env, acl.project, name)) return fail(Code::invalid, "An ACL by that name exists already");
  if (!TRY(used_by(env, acl.project, acl.name)).empty()) return fail(Code::invalid, "Cannot rename an ACL that is in use");
  TRY(check_name(name));
  return rename_stored(env, records::kAcls, acl.id, name);
}

Result<> remove(const Environment& env, const Acl& acl) {
  if (!TRY(used_by(env, acl.project, acl.name)).empty()) return fail(Code::invalid, "Cannot delete an ACL that is in use");
  return remove_stored(env, records::kAcls, acl.id);
}

Result<StringList> used_by(const Environment& env, const std::string& project, const std::string& name) {
  auto uses = [&](const StringMap& nic) { return !get_or(nic, "network").empty() && names(get_or(nic, "security.acls"), name); };
  StringList urls = TRY(network_urls(env, project, [&](const StringMap& config) { return names(get_or(config, "security.acls"), name); }));
  for (std::string& url : TRY(nic_user_urls(env, project, uses))) urls.push_back(std::move(url));
  for (const Acl& other : TRY(load_all(env, project)))
    if (other.name != name && refers(other, name)) urls.push_back(object_url("network-acls", other.name, project));
  return urls;
}

Result<> check_names(const Environment& env, const std::string& project, const std::string& list) {
  if (list.empty()) return {};
  StringList existing, seen;
  for (const Acl& acl : TRY(load_all(env, project))) existing.push_back(acl.name);
  for (const std::string& name : split_list(list)) {
    if (!contains(existing, name)) return fail(Code::invalid, "Network ACL {} does not exist", quote(name));
    if (contains(seen, name)) return fail(Code::invalid, "Network ACL {} specified multiple times", quote(name));
    seen.push_back(name);
  }
  return {};
}

}  // namespace network::acl
