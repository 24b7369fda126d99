#include "instance/render.h"

#include "api/architecture.h"
#include "instance/state.h"

namespace instance {

api::Instance render(const View& view, Status status) {
  const db::instances::Row& row = view.row;
  api::Instance out;
  out.architecture = api::architecture_name(row.architecture);
  out.config = row.config;
  out.devices = row.devices;
  out.ephemeral = row.ephemeral;
  out.profiles = row.profiles;
  out.stateful = row.stateful;
  out.description = row.description;
  out.created_at = row.created_at;
  out.expanded_config = view.config;
  out.expanded_devices = view.devices;
  out.name = row.name;
  if (status == Status::running && view.ready()) status = Status::ready;
  out.status = status_name(status);
  out.status_code = status_code(status);
  out.last_used_at = row.last_used_at;
  out.location = row.location;
  out.type = db::name_of(row.type);
  out.project = row.project;
  return out;
}

api::InstanceSnapshot render_snapshot(const View& view, const db::snapshots::Row& snapshot, int64_t size) {
  api::InstanceSnapshot out;
  out.expires_at = snapshot.expires_at;
  out.architecture = api::architecture_name(view.row.architecture);
  out.config = snapshot.config;
  out.created_at = snapshot.created_at;
  out.description = snapshot.description;
  out.devices = snapshot.devices;
  size_t index = static_cast<size_t>(&snapshot - view.snapshots.data());
  if (index < view.snapshots_expanded.size()) {
    out.expanded_config = view.snapshots_expanded[index].config;
    out.expanded_devices = view.snapshots_expanded[index].devices;
  }
  out.name = snapshot.name;
  out.profiles = view.row.profiles;
  out.stateful = snapshot.stateful;
  out.size = size;
  return out;
}

api::InstanceBackup render_backup(const db::backups::Row& backup) {
  return {.name = backup.name, .created_at = backup.created_at, .expires_at = backup.expires_at,
          .instance_only = backup.instance_only, .optimized_storage = backup.optimized};
}

std::string render_full_head(const View& view, Status status) {
  std::string out = api::dump(render(view, status));
  out.pop_back();
  std::vector<api::InstanceBackup> backups;
  for (const db::backups::Row& backup : view.backups) backups.push_back(render_backup(backup));
  std::vector<api::InstanceSnapshot> snapshots;
  for (const db::snapshots::Row& snapshot : view.snapshots) snapshots.push_back(render_snapshot(view, snapshot));
  out += ",\"backups\":" + (backups.empty() ? "null" : api::dump(backups));
  out += ",\"snapshots\":" + (snapshots.empty() ? "null" : api::dump(snapshots)) + ",\"state\":";
  return out;
}

std::string etag_text(const View& view) {
  api::InstancePut put;
  put.architecture = api::architecture_name(view.row.architecture);
  put.ephemeral = view.row.ephemeral;
  put.profiles = view.row.profiles;
  put.devices = view.row.devices;
  put.config = view.row.config;
  return api::dump(put);
}

}  // namespace instance
