#include "network/address_set/address_set.h"

#include "base/ip.h"
#include "base/log.h"
#include "config/api_name.h"
#include "config/net_checks.h"
#include "db/network_records.h"
#include "network/acl/acl.h"
#include "network/nic_filter.h"
#include "network/stored.h"
#include "network/user_urls.h"

namespace network::address_set {
namespace {

namespace records = db::network_records;
constexpr size_t kRangeLimit = 256;

Result<AddressSet> parse(const records::Row& row) {
  AddressSet set = from_row<AddressSet>(row);
  Json list = TRY_CTX(api::parse_json(row.json[0].empty() ? "[]" : row.json[0]), "Failed loading network address set {}", quote(row.name));
  for (const Json& item : list)
    if (item.is_string()) set.addresses.push_back(item);
  return set;
}

records::Row row_of(const AddressSet& set) { return to_row(set, {api::dump(set.addresses), ""}); }

Result<> check_name(const std::string& name) {
  TRY(config::is_api_name(name));
  return config::is_hostname(name);
}

Result<> check_address(const std::string& address, size_t index) {
  if (IpNetwork::parse_host_or_network(address)) return {};
  auto range = address.find('-') == std::string::npos ? std::nullopt : IpRange::parse(address);
  if (range && range->first.plus(kRangeLimit - 1) < range->last)
    return fail(Code::invalid, "Unsupported address format {} at index {}: IP range {} contains more than {} addresses, use CIDR notation instead",
                quote(address), index, quote(address), kRangeLimit);
  if (range) return {};
  return fail(Code::invalid, "Unsupported {}format {} at index {}", parse_mac(address) ? "MAC address " : "address ", quote(address), index);
}

Result<> check(const api::NetworkAddressSetPut& put) {
  StringList seen;
  for (size_t i = 0; i < put.addresses.size(); i++) {
    if (contains(seen, put.addresses[i])) return fail(Code::invalid, "Invalid addresses: Duplicate address {} found at index {}", quote(put.addresses[i]), i);
    TRY_CTX(check_address(put.addresses[i], i), "Invalid addresses");
    seen.push_back(put.addresses[i]);
  }
  for (const auto& [key, value] : put.config)
    if (!key.starts_with("user.")) return fail(Code::invalid, "Invalid network address set configuration key {}", quote(key));
  return {};
}

bool refers(const std::string& list, const std::string& name) { return contains(split_list(list), "$" + name); }

/// Names of the ACLs whose rules refer to the set.
Result<StringList> acls_using(const Environment& env, const std::string& project, const std::string& name) {
  StringList acls;
  for (const auto& acl : TRY(acl::load_all(env, project))) {
    bool found = false;
    for (const auto* rules : {&acl.ingress, &acl.egress})
      for (const auto& rule : *rules) found |= refers(rule.source, name) || refers(rule.destination, name);
    if (found) acls.push_back(acl.name);
  }
  return acls;
}

/// Takes the nft sets away; nothing refers to them any more.
void drop_sets(const Context& ctx, const std::string& name) {
  if (!firewall::available()) return;
  for (const char* family : {"inet", "bridge"}) {
    firewall::Script script;
    script.drop_set(family, name + "_ipv4", "ipv4_addr");
    script.drop_set(family, name + "_ipv6", "ipv6_addr");
    if (auto done = script.apply(ctx); !done) log_debug("Address set stays in the firewall", {{"set", name}, {"error", done.error().message()}});
  }
}

}  // namespace

Result<std::vector<AddressSet>> load_all(const Environment& env, const std::string& project) {
  return parse_rows<AddressSet>(TRY(stored_rows(env, records::kAddressSets, in_project(project))), parse);
}

Result<AddressSet> load(const Environment& env, const std::string& project, const std::string& name) {
  return parse(TRY(stored_row(env, records::kAddressSets, named(project, name))));
}

Result<> create(const Environment& env, const std::string& project, const api::NetworkAddressSetsPost& request) {
  AddressSet set;
  static_cast<api::NetworkAddressSetPut&>(set) = request;
  set.project = project;
  set.name = request.name;
  if (load(env, project, set.name)) return fail(Code::invalid, "The network address set already exists");
  TRY(check_name(set.name));
  TRY(check(set));
  TRY(store_new(env, records::kAddressSets, row_of(set)));
  return {};
}

Result<> update(const Context& ctx, const Environment& env, const AddressSet& set, const api::NetworkAddressSetPut& put) {
  TRY(check(put));
  AddressSet changed = set;
  static_cast<api::NetworkAddressSetPut&>(changed) = put;
  auto store = [&](const AddressSet& what) { return store_changed(env, records::kAddressSets, row_of(what)); };
  StringList acls = TRY(acls_using(env, set.project, set.name));
  return store_and_apply(set, changed, store, [&] { return apply_everywhere(ctx, env, set.project, acls); });
}

Result<> rename(const Context& ctx, const Environment& env, const AddressSet& set, const std::string& name) {
  if (load(env, set.project, name)) return fail(Code::invalid, "An address set by that name exists already");
  if (!TRY(acls_using(env, set.project, set.name)).empty()) return fail(Code::invalid, "Cannot rename address set that is in use");
  TRY(check_name(name));
  TRY(rename_stored(env, records::kAddressSets, set.id, name));
  drop_sets(ctx, set.name);
  return {};
}

Result<> remove(const Context& ctx, const Environment& env, const AddressSet& set) {
  if (!TRY(acls_using(env, set.project, set.name)).empty()) return fail(Code::invalid, "Cannot delete address set that is in use");
  TRY(remove_stored(env, records::kAddressSets, set.id));
  drop_sets(ctx, set.name);
  return {};
}

Result<StringList> used_by(const Environment& env, const std::string& project, const std::string& name) {
  StringList urls;
  for (const std::string& acl : TRY(acls_using(env, project, name))) urls.push_back(object_url("network-acls", acl, project));
  return urls;
}

Result<> add_sets(firewall::Script& script, std::string_view family, const Environment& env, const std::string& project, const StringList& names) {
  for (const std::string& name : names) {
    AddressSet set = TRY(load(env, project, name));
    StringList v4, v6;
    for (const std::string& address : set.addresses) (address.find(':') == std::string::npos ? v4 : v6).push_back(address);
    script.set(family, name + "_ipv4", "ipv4_addr", v4);
    script.set(family, name + "_ipv6", "ipv6_addr", v6);
  }
  return {};
}

}  // namespace network::address_set
