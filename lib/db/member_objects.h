// What pools and networks share: a row, one more per cluster member with its state, and config of which some keys belong to one member.
#pragma once
#include "db/codes.h"
#include "db/properties.h"

namespace db {

/// The names are compile-time literals: they go into SQL text.
struct MemberTable {
  std::string_view table;
  std::string_view members;      ///< (<owner of config>, node_id, state)
  ConfigTable config;            ///< with a column node_id
  std::string_view member_keys;  ///< 'a', 'b', …: their rows carry the member's id
};

inline constexpr MemberTable kPools{"storage_pools", "storage_pools_nodes", kPoolConfig,
                                    "'size', 'source', 'source.wipe', 'volatile.initial_source', 'zfs.pool_name', 'lvm.thinpool_name', 'lvm.vg_name', "
                                    "'lvm.vg.force_reuse'"};
inline constexpr MemberTable kNetworks{"networks", "networks_nodes", kNetworkConfig,
                                       "'bgp.ipv4.nexthop', 'bgp.ipv6.nexthop', 'bridge.external_interfaces', 'parent'"};

/// Completes the new row `id`: pending on this member, with its config.
Result<> join_member(Tx& tx, const MemberTable& table, int64_t id, const StringMap& config);
Result<> update_object(Tx& tx, const MemberTable& table, int64_t id, const std::string& description, const StringMap& config);
/// Of the object and of this member's part.
Result<> set_object_state(Tx& tx, const MemberTable& table, int64_t id, State state);
Result<> remove_object(Tx& tx, const MemberTable& table, int64_t id);

}  // namespace db
