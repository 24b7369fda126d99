#include "network/forward/forward.h"

#include "base/log.h"
#include "core/locks.h"
#include "db/networks.h"
#include "network/attached.h"
#include "network/host.h"
#include "network/stored.h"
#include "network/sysctl.h"
#include "network/user_urls.h"
#include "sys/netlink.h"

namespace network::forward {
namespace {

namespace records = db::network_records;

Result<Forward> parse(const records::Row& row) {
  Forward forward = from_row<Forward>(row);
  forward.listen_address = row.name;
  forward.location = "none";
  TRY(parse_list(row.json[0], forward.ports));
  return forward;
}

records::Row row_of(int64_t network, const Forward& forward) {
  records::Row row = to_row(forward, {api::dump(forward.ports), ""}, network);
  row.name = forward.listen_address;
  return row;
}

Result<> apply(const Context& ctx, const Environment& env, const Record& network) {
  if (!firewall::available()) {
    log_warn(firewall::kMissing, {{"network", network.name}});
    return {};
  }
  firewall::Script script;
  TRY(add_network_forwards(script, env, network));
  TRY_CTX(script.apply(ctx), "Failed applying firewall address forwards");
  return {};
}

/// Subnets that networks other than this one hold, addresses that anybody forwards, and subnets routed to NICs.
Result<> check_free(const Environment& env, const Record& network, const IpAddress& listen) {
  auto taken = [&] { return fail(Code::invalid, "Forward listen address {} overlaps with another network or NIC", quote(IpNetwork::host(listen).text())); };
  auto overlaps = [&](const std::string& text) {
    auto net = IpNetwork::parse_host_or_network(text);
    return net && net->contains(listen);
  };
  for (const auto& row : TRY(env.global.read([](db::Tx& tx) { return db::networks::load_all(tx); }))) {
    bool own = row.id == network.id;
    for (const char* family : {"ipv4", "ipv6"}) {
      std::string prefix(family);
      if (!own && (overlaps(get_or(row.config, prefix + ".address")) || overlaps(get_or(row.config, prefix + ".nat.address")))) return taken();
      for (const std::string& route : split_list(get_or(row.config, prefix + ".routes")))
        if (overlaps(route)) return taken();
    }
  }
  for (const std::string& address : TRY(listen_addresses(env)))
    if (address == listen.text()) return taken();
  for (const AttachedNic& nic : TRY(all_nics(env)))
    for (const char* key : {"ipv4.routes", "ipv6.routes", "ipv4.routes.external", "ipv6.routes.external"})
      for (const std::string& route : split_list(get_or(nic.config, key)))
        if (overlaps(route)) return taken();
  return {};
}

/// A NIC that is its own forward's target gets its packets back through the port they came from.
void enable_hairpin(const Environment& env, const Record& network) {
  if (!bridge_netfilter(4) && !bridge_netfilter(6)) return;
  auto nics = attached_nics(env, network);
  auto netlink = sys::Netlink::open();
  if (!nics || !netlink) return;
  for (const AttachedNic& nic : *nics) {
    std::string port = get_or(nic.volatiles, "host_name");
    if (!interface_exists(port)) continue;
    if (auto done = netlink->set_port_hairpin(port, true); !done)
      log_warn("Error enabling hairpin mode on bridge port", {{"port", port}, {"error", done.error().message()}});
  }
}

std::string lock_name(const Record& network) { return "network/" + network.project + "/" + network.name; }

}  // namespace

Result<std::vector<Forward>> load_all(const Environment& env, int64_t network) {
  return parse_rows<Forward>(TRY(stored_rows(env, records::kForwards, {.owner = network, .project = {}, .name = {}})), parse);
}

Result<Forward> load(const Environment& env, int64_t network, const std::string& listen_address) {
  return parse(TRY(stored_row(env, records::kForwards, {.owner = network, .project = {}, .name = listen_address})));
}

Result<> create(const Context& ctx, const Network& network, const Environment& env, const api::NetworkForwardsPost& request) {
  auto lock = TRY(core::acquire_lock(ctx, lock_name(network.record())));
  if (load(env, network.id(), request.listen_address)) return fail(Code::conflict, "A forward for that listen address already exists");
  auto listen = IpAddress::parse(request.listen_address);
  if (!listen)
    return fail(Code::invalid, "Failed parsing address forward listen address {}: invalid CIDR address: {}", quote(request.listen_address),
                request.listen_address);
  TRY(resolve(network.record(), request.listen_address, request));
  TRY(check_free(env, network.record(), *listen));
  Forward forward;
  static_cast<api::NetworkForwardPut&>(forward) = request;
  forward.listen_address = request.listen_address;
  int64_t id = TRY(store_new(env, records::kForwards, row_of(network.id(), forward)));
  if (auto applied = apply(ctx, env, network.record()); !applied) {
    (void)remove_stored(env, records::kForwards, id);  // the first error is the one to report
    return applied;
  }
  enable_hairpin(env, network.record());
  return {};
}

Result<> update(const Context& ctx, const Network& network, const Environment& env, const Forward& forward, const api::NetworkForwardPut& put) {
  auto lock = TRY(core::acquire_lock(ctx, lock_name(network.record())));
  TRY(resolve(network.record(), forward.listen_address, put));
  Forward changed = forward;
  static_cast<api::NetworkForwardPut&>(changed) = put;
  auto store = [&](const Forward& what) { return store_changed(env, records::kForwards, row_of(network.id(), what)); };
  TRY(store(changed));
  auto applied = apply(ctx, env, network.record());
  if (!applied) (void)store(forward);  // the first error is the one to report
  return applied;
}

Result<> remove(const Context& ctx, const Network& network, const Environment& env, const Forward& forward) {
  auto lock = TRY(core::acquire_lock(ctx, lock_name(network.record())));
  TRY(remove_stored(env, records::kForwards, forward.id));
  return apply(ctx, env, network.record());
}

Result<> add_network_forwards(firewall::Script& script, const Environment& env, const Record& network) {
  std::vector<firewall::Redirect> redirects;
  for (const Forward& forward : TRY(load_all(env, network.id)))
    for (auto& redirect : TRY_CTX(resolve(network, forward.listen_address, forward), "Failed validating firewall address forward for listen address {}",
                                  quote(forward.listen_address)))
      redirects.push_back(std::move(redirect));
  firewall::set_redirects(script, "fwd", network.name, redirects);
  return {};
}

Result<StringList> listen_addresses(const Environment& env) {
  StringList addresses;
  TRY(env.global.read([&](db::Tx& tx) -> Result<> {
    for (const records::Table* table : {&records::kForwards, &records::kLoadBalancers})
      for (const auto& row : TRY(records::load_all(tx, *table))) addresses.push_back(row.name);
    return {};
  }));
  return addresses;
}

}  // namespace network::forward
