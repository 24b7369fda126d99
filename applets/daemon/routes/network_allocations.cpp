// /1.0/network-allocations: every address somebody holds.
#include "api/types/network_allocation.h"
#include "applets/daemon/routes/network_common.h"
#include "base/ip.h"
#include "db/network_records.h"
#include "network/forward/forward.h"

namespace incusd {
namespace {

using Allocations = std::vector<api::NetworkAllocations>;

bool nat_for(const StringMap& config, const IpAddress& address) { return is_true(get_or(config, address.is_v4() ? "ipv4.nat" : "ipv6.nat")); }

/// Listen addresses of forwards or load balancers: incoming traffic, so NAT doesn't concern them.
Result<> add_listeners(Call& call, Allocations& out, const network::Record& record, const db::network_records::Table& table, const char* path,
                       const char* type) {
  auto rows = TRY(call.daemon.global->read([&](db::Tx& tx) { return db::network_records::load_all(tx, table, {.owner = record.id, .project = {}, .name = {}}); }));
  for (const auto& row : rows)
    if (auto address = IpAddress::parse(row.name))
      out.push_back({.addresses = IpNetwork::host(*address).text(),
                     .type = type,
                     .used_by = network_url(std::format("networks/{}/{}/{}", url_escape(record.name), path, url_escape(row.name)), record.project),
                     .network = record.name});
  return {};
}

Result<> add_network(Call& call, Allocations& out, const network::Record& record) {
  for (const char* key : {"ipv4.address", "ipv6.address"})
    if (auto net = IpNetwork::parse(get_or(record.config, key)))
      out.push_back({.addresses = net->text(),
                     .nat = nat_for(record.config, net->address),
                     .type = "network",
                     .used_by = network_url("networks/" + url_escape(record.name), record.project),
                     .network = record.name});
  auto network = TRY(call.daemon.networks->load(record.project, record.name));
  auto leases = network->leases(record.project);
  if (!leases && leases.error().code() != Code::unsupported) return Failure(std::move(leases).error());
  for (const auto& lease : leases.value_or(std::vector<api::NetworkLease>())) {
    auto address = IpAddress::parse(lease.address);
    if (!address || (lease.type != "static" && lease.type != "dynamic")) continue;
    out.push_back({.addresses = IpNetwork::host(*address).text(),
                   .hwaddr = lease.hwaddr,
                   .nat = nat_for(record.config, *address),
                   .type = "instance",
                   .used_by = network_url("instances/" + url_escape(lease.hostname), record.project),
                   .network = record.name});
  }
  TRY(add_listeners(call, out, record, db::network_records::kForwards, "forwards", "network-forward"));
  return add_listeners(call, out, record, db::network_records::kLoadBalancers, "load-balancers", "network-load-balancer");
}

Result<Reply> list_allocations(Call& call) {
  NetworkScope scope = TRY(network_scope(call));
  Allocations out;
  for (const auto& record : TRY(call.daemon.networks->list(call.all_projects() ? "" : scope.stored_in)))
    if (may_view_network(call, {scope.project, record.project}, record.name, true)) TRY(add_network(call, out, record));
  return ok(api::dump(out));
}

constexpr Route kRoutes[] = {
    {http::Method::get, "/1.0/network-allocations", kAuthenticated, kProject, list_allocations, "Lists the addresses in use"},
};

}  // namespace

extern const Routes network_allocation_routes = kRoutes;

}  // namespace incusd
