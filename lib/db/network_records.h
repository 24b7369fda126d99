// ACLs, address sets, forwards, load balancers, zones, zone records, integrations: named rows under an owner, with a description, some JSON
// columns and a config table. One repository serves all; the tables say how they differ.
#pragma once
#include <array>
#include <optional>

#include "db/properties.h"

namespace db::network_records {

struct Table {
  std::string_view name;
  std::string_view owner;    ///< column of the owner's id ("project_id", "network_id"); empty: owned by the server
  std::string_view key;      ///< column of the name
  std::array<std::string_view, 2> json;  ///< further columns, read and written as text; empty where unused
  ConfigTable config;
  std::string_view title;    ///< as messages say it: "Network ACL"
  bool per_member = false;   ///< rows belong to a cluster member (node_id)
};

inline constexpr Table kAcls{"networks_acls", "project_id", "name", {"ingress", "egress"}, {"networks_acls_config", "network_acl_id"}, "Network ACL"};
inline constexpr Table kAddressSets{"networks_address_sets", "project_id", "name", {"addresses", ""},
                                    {"networks_address_sets_config", "network_address_set_id"}, "Network address set"};
inline constexpr Table kForwards{"networks_forwards", "network_id", "listen_address", {"ports", ""},
                                 {"networks_forwards_config", "network_forward_id"}, "Network forward", true};
inline constexpr Table kIntegrations{"networks_integrations", "", "name", {"type", ""},
                                     {"networks_integrations_config", "network_integration_id"}, "Network integration"};
inline constexpr Table kLoadBalancers{"networks_load_balancers", "network_id", "listen_address", {"backends", "ports"},
                                      {"networks_load_balancers_config", "network_load_balancer_id"}, "Network load balancer", true};
inline constexpr Table kZones{"networks_zones", "project_id", "name", {}, {"networks_zones_config", "network_zone_id"}, "Network zone"};
inline constexpr Table kZoneRecords{"networks_zones_records", "network_zone_id", "name", {"entries", ""},
                                    {"networks_zones_records_config", "network_zone_record_id"}, "Network zone record"};

struct Row {
  int64_t id = 0;
  int64_t owner = 0;
  std::string project;  ///< of rows that projects own
  std::string name;
  std::string description;
  std::array<std::string, 2> json;
  StringMap config;
};

/// Unset members match everything.
struct Filter {
  std::optional<int64_t> owner;
  std::optional<std::string> project;
  std::optional<std::string> name;
};

/// Ordered by project and name; two queries.
Result<std::vector<Row>> load_all(Tx& tx, const Table& table, const Filter& filter = {});
/// Errors: not_found "<title> not found".
Result<Row> load(Tx& tx, const Table& table, const Filter& filter);
/// `row.owner` is used, or for project-owned tables `row.project` where owner is 0. Errors: conflict, not_found (project).
Result<int64_t> create(Tx& tx, const Table& table, const Row& row);
/// Description, JSON columns and config.
Result<> update(Tx& tx, const Table& table, const Row& row);
Result<> rename(Tx& tx, const Table& table, int64_t id, const std::string& name);
Result<> remove(Tx& tx, const Table& table, int64_t id);

}  // namespace db::network_records
