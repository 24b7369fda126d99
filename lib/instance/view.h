// A picture of one instance as of one moment: what the database says, with profiles applied.
#pragma once
#include <memory>

#include "core/expand.h"
#include "db/instance_snapshots.h"
#include "db/instances.h"
#include "db/profiles.h"
#include "instance/keys.h"

namespace instance {

using core::Expanded;
using core::expand;

inline Type type_of(const db::instances::Row& row) { return row.type == db::InstanceType::vm ? Type::virtual_machine : Type::container; }

/// Immutable once published; readers hold a shared pointer.
struct View {
  db::instances::Row row;
  StringMap config;         ///< expanded
  api::DevicesMap devices;  ///< expanded
  std::vector<db::snapshots::Row> snapshots;  ///< oldest first
  std::vector<Expanded> snapshots_expanded;   ///< beside `snapshots`: with the profiles the instance has now
  std::vector<db::backups::Row> backups;

  Type type() const { return type_of(row); }
  bool privileged() const { return is_true(get_or(config, "security.privileged")); }
  /// Did the instance say over the guest API that it is ready?
  bool ready() const { return is_true(get_or(row.config, "volatile.last_state.ready")); }
  const db::snapshots::Row* snapshot(const std::string& name) const;
};
using ViewPtr = std::shared_ptr<const View>;

/// The disk at "/" that comes from a pool. Errors: invalid: `No root device could be found`, `More than one root device`.
struct RootDisk {
  std::string device;
  std::string pool;
  StringMap config;
};
Result<RootDisk> root_disk(const api::DevicesMap& devices);

}  // namespace instance
