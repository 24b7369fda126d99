// Making instances: from an image, empty, or as a copy.
#pragma once
#include "api/types/instance.h"
#include "db/images.h"
#include "instance/manager.h"

namespace instance {

/// A host name of 1 to 63 letters, digits and dashes. Errors: invalid (400) saying what is wrong.
Result<> check_name(const std::string& name);
Result<> check_snapshot_name(const std::string& name);
/// Two words with a dash that no instance of the project has.
Result<std::string> free_name(const Manager& manager, const std::string& project);

/// The image a source names, in the project's image store. Null if there is none. Errors: invalid (source without a reference).
Result<std::optional<db::images::Row>> find_image(Manager& manager, const std::string& project, const api::InstanceSource& source, const std::string& type);

/// The row of a new instance as asked for; profiles default to those of the image or "default".
Result<db::instances::Row> row_of(const api::InstancesPost& request, const std::string& project);

struct RecordOptions {
  bool check_architecture = false;
  std::string replaces;       ///< the instance of the same project that goes away for it (a move), which then counts no more against limits
  bool keep_runtime = false;  ///< it is back from a recovery: a container of that name may still run
};
/// Checks, rows, registry, devices; the volume is still missing. On an error of a later step `undo` removes all of it.
/// Errors: invalid, conflict (`Instance "x" already exists`).
Result<InstancePtr> create_record(const Job& job, Manager& manager, db::instances::Row row, const RecordOptions& options, Reverter& undo);

Result<InstancePtr> create_from_image(const Job& job, Manager& manager, db::instances::Row row, const db::images::Row& image);
Result<InstancePtr> create_empty(const Job& job, Manager& manager, db::instances::Row row);

struct CopyOptions {
  std::string source_project;
  std::string source;  ///< "c1" or "c1/snap0"
  bool instance_only = false;
  bool refresh = false;
  bool refresh_exclude_older = false;
  bool allow_inconsistent = false;  ///< don't freeze a running source
  bool keep_volatile = false;     ///< a move: identity goes along
  bool apply_template = true;     ///< run the "copy" templates at the next start
};
/// `row` is the target as asked for; config and devices of the source that it does not name are added.
Result<InstancePtr> create_copy(const Job& job, Manager& manager, db::instances::Row row, const CopyOptions& options);

}  // namespace instance
