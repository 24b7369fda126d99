// `incus storage volume snapshot`.
#include <print>

#include "api/types/storage_pool_volume_snapshot.h"
#include "api/yaml.h"
#include "applets/cli/created.h"
#include "applets/cli/expiry.h"
#include "applets/cli/input.h"
#include "applets/cli/nouns/volume.h"
#include "applets/cli/verbs/columns.h"
#include "applets/cli/verbs/flags.h"

namespace cli {

namespace {

std::string name_cell(const Json& item) {
  std::string name = member_text(item, "name");
  return name.substr(name.rfind('/') + 1);
}

constexpr Column kSnapshotColumns[] = {{'n', "NAME", name_cell}, {'T', "TAKEN AT", date_cell<"created_at">}, {'E', "EXPIRES AT", date_cell<"expires_at">}};
/// The volume with the third argument as its snapshot.
Result<Volume> snapshot_of(Call& call) {
  Volume volume = TRY(volume_of(call));
  volume.snapshot = call.args[2].get();
  return volume;
}

Result<> create(Call& call) {
  if (call.flags.on("no-expiry") && !call.flags.text("expiry").empty()) return fail(Code::invalid, "Can't use both --no-expiry and --expiry");
  Json document = TRY(document_from_stdin());
  Volume volume = TRY(snapshot_of(call));
  TRY(volume.server.get(call.ctx, volume.path()));
  Json body = {{"name", volume.snapshot}};
  if (call.flags.on("no-expiry")) body["expires_at"] = "0001-01-01T00:00:00Z";
  else if (std::string text = call.flags.text("expiry"); !text.empty()) body["expires_at"] = TRY(parse_expiry(text)).rfc3339();
  else if (document.is_object() && !member_text(document, "expires_at").empty()) body["expires_at"] = document["expires_at"];
  if (std::string text = call.flags.text("description"); !text.empty()) body["description"] = text;
  if (call.flags.on("reuse") && !volume.snapshot.empty() && volume.server.get(call.ctx, volume.full_path())) {
    TRY(run_request(call, volume.server, http::Method::delete_, volume.full_path()));
  }
  auto operation = TRY(run_request(call, volume.server, http::Method::post, volume.path() + "/snapshots", api::dump_json(body)));
  if (volume.snapshot.empty() && operation) std::println("Volume snapshot name is: {}", created_name(*operation, "storage_volume_snapshots"));
  return {};
}

Result<> remove(Call& call) {
  Volume volume = TRY(snapshot_of(call));
  TRY(run_request(call, volume.server, http::Method::delete_, volume.full_path()));
  call.say(std::format("Storage volume snapshot {} deleted from {}", volume.snapshot, volume.name));
  return {};
}

Result<> list(Call& call) {
  TRY(check_format(call.format()));
  Volume volume = TRY(volume_of(call));
  TRY(volume.server.get(call.ctx, volume.path()));
  Json items = TRY(volume.server.get(call.ctx, volume.path() + "/snapshots?recursion=1")).metadata;
  Table table;
  std::vector<const Column*> columns = TRY(select_columns(kSnapshotColumns, call.flags.text("columns")));
  for (const Column* column : columns) table.header.emplace_back(column->name);
  for (const Json& item : items) {
    StringList row;
    for (const Column* column : columns) row.push_back(column->cell(item));
    table.rows.push_back(std::move(row));  // in the server's order, oldest first
  }
  return print_table(call.format(), table, items);
}

Result<> rename(Call& call) {
  Volume volume = TRY(snapshot_of(call));
  const std::string& name = call.args[3].text;
  TRY(run_request(call, volume.server, http::Method::post, volume.full_path(), api::dump_json({{"name", name}})));
  std::println("Renamed storage volume snapshot from \"{}\" to \"{}\"", volume.snapshot, name);
  return {};
}

Result<> restore(Call& call) {
  Volume volume = TRY(snapshot_of(call));
  client::Reply reply = TRY(volume.server.get(call.ctx, volume.path()));
  TRY(run_request(call, volume.server, http::Method::put, volume.path(), api::dump_json({{"restore", volume.snapshot}}), reply.etag));
  return {};
}

Result<> show(Call& call) {
  Volume volume = TRY(snapshot_of(call));
  Json object = TRY(retyped<api::StorageVolumeSnapshot>(TRY(volume.server.get(call.ctx, volume.full_path())).metadata));
  std::print("{}", api::dump_yaml(object));
  return {};
}

constexpr Flag kCreateFlags[] = {kDescriptionFlag, {"expiry", FlagKind::text, "When it may be deleted: a time, or a span such as 2d"}, {"no-expiry", FlagKind::boolean, "Never, whatever the volume's configuration says"},
                                 {"reuse", FlagKind::boolean, "Replace a snapshot of that name"}, kTargetFlag};
constexpr Flag kListFlags[] = {columns_flag("nTE"), kFormatFlag, kAllProjectsFlag};
constexpr Command kCommands[] = {
    {.path = "storage volume snapshot", .summary = "Manage snapshots of volumes", .options = kGroup},
    {.path = "storage volume snapshot create", .usage = "[<remote>:]<pool> <volume> [<new snapshot name>]", .summary = "Take a snapshot of a custom volume", .run = create, .flags = kCreateFlags, .aliases = "add",
     .examples = "incus storage volume snapshot create default v1 s1\n    Snapshot s1 of volume v1."},
    {.path = "storage volume snapshot delete", .usage = "[<remote>:]<pool> <volume> <snapshot>", .summary = "Delete a snapshot", .run = remove, .flags = kTargetFlags, .aliases = "rm,remove"},
    {.path = "storage volume snapshot list", .usage = "[<remote>:]<pool> [<type>/]<volume>", .summary = "List the snapshots of a volume", .run = list, .flags = kListFlags, .aliases = "ls",
     .about = "Columns:\n  E  expiry\n  n  name\n  T  time it was taken"},
    {.path = "storage volume snapshot rename", .usage = "[<remote>:]<pool> <volume> <snapshot> <new snapshot name>", .summary = "Rename a snapshot", .run = rename, .flags = kTargetFlags},
    {.path = "storage volume snapshot restore", .usage = "[<remote>:]<pool> <volume> <snapshot>", .summary = "Bring a volume back to a snapshot", .run = restore, .flags = kTargetFlags},
    {.path = "storage volume snapshot show", .usage = "[<remote>:]<pool> [<type>/]<volume> <snapshot>", .summary = "Show a snapshot", .run = show, .flags = kTargetFlags},
};

}  // namespace

extern const CommandTable volume_snapshot_commands = kCommands;

}  // namespace cli
