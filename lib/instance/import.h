// Bringing an instance back from a backup file.
#pragma once
#include "instance/manager.h"
#include "storage/backup.h"

namespace instance {

struct ImportSpec {
  storage::BackupIndex index;
  std::string project;
  std::string name;           ///< the new instance's
  std::string pool;
  StringMap config;           ///< stands above the backup's
  api::DevicesMap devices;    ///< key by key above the backup's
  int file = -1;              ///< the backup; stays the caller's
};

/// Rows, volume and snapshots; all or nothing. Errors: invalid (the backup lacks what is needed), conflict, not_found (profile). Blocks for long.
Result<InstancePtr> import_backup(const Job& job, Manager& manager, const ImportSpec& spec);

/// The same for an instance whose volume is on the pool already (recovery); `spec.file` is not used.
Result<InstancePtr> adopt_instance(const Job& job, Manager& manager, const ImportSpec& spec);

}  // namespace instance
