// `incus storage volume`: volumes of a pool.
#include "applets/cli/nouns/volume.h"

#include <algorithm>
#include <print>

#include "api/types/storage_pool_volume.h"
#include "api/types/storage_pool_volume_snapshot.h"
#include "api/yaml.h"
#include "applets/cli/editor.h"
#include "applets/cli/input.h"
#include "applets/cli/verbs/columns.h"
#include "applets/cli/verbs/flags.h"
#include "applets/cli/wait.h"

namespace cli {

namespace {

constexpr std::string_view kHelp = "The storage volume as YAML; comment lines like these are dropped.\n\nMembers: config (keys and values), description. Other members are only shown.";
constexpr Noun kVolume = {.what = "storage pool volume", .title = "Storage volume", .collection = "/1.0/storage-pools/{}/volumes", .wire = kWire<api::StorageVolume, api::StorageVolumePut>, .edit_help = kHelp};
constexpr Noun kSnapshot = {
    .what = "storage pool volume snapshot", .title = "Storage volume snapshot", .collection = "/1.0/storage-pools/{}/volumes", .wire = kWire<api::StorageVolumeSnapshot, api::StorageVolumeSnapshotPut>, .edit_help = kHelp};

const Noun& noun_of_volume(const Volume& volume) { return volume.snapshot.empty() ? kVolume : kSnapshot; }

Result<> show(Call& call) {
  Volume volume = TRY(volume_of(call));
  client::Reply reply = TRY(get_volume(call, volume, volume.type == "custom" ? ". Try virtual-machine or container for type" : ""));
  Json object = TRY(kVolume.wire.normalize(reply.metadata));
  if (object["used_by"].is_array()) std::ranges::sort(object["used_by"].get_ref<Json::array_t&>());
  std::print("{}", api::dump_yaml(without_empty(object, {"restore"})));
  return {};
}

Result<> get(Call& call) {
  Volume volume = TRY(volume_of(call));
  const std::string& key = call.args[2].text;
  client::Reply reply = TRY(get_volume(call, volume));
  if (call.flags.on("property")) {
    Json object = TRY(noun_of_volume(volume).wire.normalize(reply.metadata));
    for (const auto& [name, value] : object.items()) {
      if (!iequals(name, key)) continue;
      std::println("{}", member_property(reply.metadata, name, value));
      return {};
    }
    std::string shown = volume.snapshot.empty() ? quote(volume.name) : volume.name + "/" + volume.snapshot;
    return fail(Code::not_found, "The property {} does not exist on the {} {}: The property with tag {} does not exist", quote(key), noun_of_volume(volume).what, shown, quote(key));
  }
  const Json& config = reply.metadata["config"];
  if (config.is_object() && config.contains(key)) std::println("{}", member_text(config, key.c_str()));
  return {};
}

Result<> change(Call& call, bool unset) {
  StringMap changes;
  if (unset) {
    for (const std::string& key : call.args[2].texts()) changes[key] = "";
  } else {
    changes = TRY(read_pairs(call.args[2]));
  }
  Volume volume = TRY(volume_of(call));
  bool properties = call.flags.on("property");
  if (!volume.snapshot.empty() && !properties) return fail(Code::invalid, "Snapshots are read-only and can't have their configuration changed");
  const Noun& noun = noun_of_volume(volume);
  client::Reply reply = TRY(get_volume(call, volume));
  Json writable = TRY(noun.wire.to_writable(reply.metadata));
  if (properties) TRY(change_members(noun, changes, unset, writable));
  else for (const auto& [key, value] : changes) writable["config"][key] = value;
  TRY(run_request(call, volume.server, http::Method::put, volume.full_path(), api::dump_json(writable), reply.etag));
  return {};
}

Result<> set(Call& call) { return change(call, false); }
Result<> unset(Call& call) { return change(call, true); }

Result<> edit(Call& call) {
  Volume volume = TRY(volume_of(call));
  const Noun& noun = noun_of_volume(volume);
  std::string text, etag;
  if (stdin_is_terminal()) {
    client::Reply reply = TRY(get_volume(call, volume));
    etag = reply.etag;
    text = editor_text(noun.edit_help, TRY(noun.wire.normalize(reply.metadata)));
  }
  return edit_until(text, [&](const std::string& content) -> Result<> {
    Json document = TRY(api::parse_yaml(content));
    Json writable = TRY(noun.wire.to_writable(document.is_object() ? document : Json::object()));
    TRY(run_request(call, volume.server, http::Method::put, volume.full_path(), api::dump_json(writable), etag));
    return {};
  });
}

Result<> create(Call& call) {
  Volume volume = TRY(volume_of(call));
  StringMap config = TRY(read_pairs(call.args[2]));
  Json document = TRY(document_from_stdin());
  Json body = TRY(kVolume.wire.to_writable(document.is_object() ? document : Json::object()));
  for (const auto& [key, value] : config) body["config"][key] = value;
  if (std::string text = call.flags.text("description"); !text.empty()) body["description"] = text;
  body["name"] = volume.name;
  body["type"] = "custom";
  body["content_type"] = call.flags.text("type");
  TRY(run_request(call, volume.server, http::Method::post, volume.collection(), api::dump_json(body)));
  call.say(std::format("Storage volume {} created", volume.name));
  return {};
}

Result<> remove(Call& call) {
  Volume volume = TRY(volume_of(call));
  TRY(run_request(call, volume.server, http::Method::delete_, volume.path()));
  call.say(std::format("Storage volume {} deleted", volume.name));
  return {};
}

Result<> rename(Call& call) {
  Volume volume = TRY(volume_of(call));
  const std::string& name = call.args[2].text;
  TRY(run_request(call, volume.server, http::Method::post, volume.path(), api::dump_json({{"name", name}})));
  call.say(std::format("Renamed storage volume from \"{}\" to \"{}\"", volume.name, name));
  return {};
}

Result<> rebuild(Call& call) {
  Volume volume = TRY(volume_of(call));
  if (volume.type != "custom") return fail(Code::invalid, "Only \"custom\" volumes can be rebuilt");
  Progress progress("", call.quiet());
  auto done = run_request(call, volume.server, http::Method::post, volume.path() + "/rebuild", "{}", "", &progress);
  progress.done();
  if (!done) return std::unexpected(done.error());
  call.say(std::format("Storage volume {} rebuilt", volume.name));
  return {};
}

constexpr Flag kCreateFlags[] = {kDescriptionFlag, kTargetFlag, {"type|t", FlagKind::text, "filesystem or block", "filesystem"}};
constexpr Flag kAttachFlags[] = {{"create", FlagKind::boolean, "Make the volume if it does not exist"}};
constexpr Flag kDestinationFlag = {"destination-target", FlagKind::text, "Cluster member for the copy"};
constexpr Flag kModeFlag = {"mode", FlagKind::text, "Who connects to whom: pull, push or relay", "pull"};
constexpr Flag kTargetProjectFlag = {"target-project", FlagKind::text, "Another project for it"};
constexpr Flag kCopyFlags[] = {kDestinationFlag, kModeFlag, {"refresh", FlagKind::boolean, "Bring an existing copy up to date"},
                               {"refresh-exclude-older", FlagKind::boolean, "With --refresh: skip snapshots older than the copy's newest"},
                               kTargetFlag, kTargetProjectFlag, {"volume-only", FlagKind::boolean, "Without snapshots"}};
constexpr Flag kMoveFlags[] = {kDestinationFlag, kModeFlag, kTargetFlag, kTargetProjectFlag};
constexpr Flag kExportFlags[] = {{"compression", FlagKind::text, "Compressor, or none"}, {"force|f", FlagKind::boolean, "Overwrite an existing file"},
                                 {"optimized-storage", FlagKind::boolean, "The storage driver's own format"}, kTargetFlag, {"volume-only", FlagKind::boolean, "Without snapshots"}};
constexpr Flag kImportFlags[] = {kTargetFlag, {"type|t", FlagKind::text, "backup or iso; by default, what the file's name says"}};
constexpr Flag kListFlags[] = {columns_flag("etndcuL"), kFormatFlag, kAllProjectsFlag};
constexpr std::string_view kTypes = "A volume without a type is a custom one; other types are container, virtual-machine and image.";

constexpr Command kCommands[] = {
    {.path = "storage volume", .summary = "Manage storage volumes", .about = kTypes, .options = kGroup},
    {.path = "storage volume attach", .usage = "[<remote>:]<pool> <volume> <instance> [<new device name> [<path>]]", .summary = "Attach a custom volume to an instance", .run = volume_attach, .flags = kAttachFlags},
    {.path = "storage volume attach-profile", .usage = "[<remote>:]<pool> <volume> <profile> [<new device name> [<path>]]", .summary = "Attach a custom volume to a profile", .run = volume_attach_profile},
    {.path = "storage volume copy", .usage = "[<remote>:]<pool>/<volume>[/<snapshot>] [<remote>:]<pool>/<new volume name>", .summary = "Copy a custom volume", .run = volume_copy, .flags = kCopyFlags, .aliases = "cp"},
    {.path = "storage volume create", .usage = "[<remote>:]<pool> <new volume name> [<key>=<value>...]", .summary = "Make a custom volume", .run = create, .flags = kCreateFlags, .aliases = "add",
     .examples = "incus storage volume create default v1 size=5GiB\n    Volume v1 in pool default.", .options = kStrictPairs},
    {.path = "storage volume delete", .usage = "[<remote>:]<pool> [<type>/]<volume>", .summary = "Delete a volume", .run = remove, .flags = kTargetFlags, .aliases = "rm,remove"},
    {.path = "storage volume detach", .usage = "[<remote>:]<pool> <volume> <instance> [<device>]", .summary = "Detach a custom volume from an instance", .run = volume_detach},
    {.path = "storage volume detach-profile", .usage = "[<remote>:]<pool> <volume> <profile> [<device>]", .summary = "Detach a custom volume from a profile", .run = volume_detach_profile},
    {.path = "storage volume edit", .usage = "[<remote>:]<pool> [<type>/]<volume>[/<snapshot>]", .summary = "Edit a volume as YAML", .run = edit, .flags = kTargetFlags, .about = kTypes},
    {.path = "storage volume export", .usage = "[<remote>:]<pool> <volume> [<target file>]", .summary = "Write a custom volume to a file", .run = volume_export, .flags = kExportFlags},
    {.path = "storage volume get", .usage = "[<remote>:]<pool> [<type>/]<volume>[/<snapshot>] <key>", .summary = "Print the value of a key", .run = get, .flags = kPropertyTargetFlags, .about = kTypes},
    {.path = "storage volume import", .usage = "[<remote>:]<pool> <backup file> [<new volume name>]", .summary = "Make a custom volume from a file", .run = volume_import, .flags = kImportFlags},
    {.path = "storage volume info", .usage = "[<remote>:]<pool> [<type>/]<volume>", .summary = "Show the state of a volume", .run = volume_info, .flags = kTargetFlags, .about = kTypes},
    {.path = "storage volume list", .usage = "[<remote>:]<pool> [<filter>...]", .summary = "List volumes", .run = volume_list, .flags = kListFlags, .aliases = "ls",
     .about = "Columns:\n  c  content type\n  d  description\n  e  project\n  L  cluster member\n  n  name\n  t  type\n  u  number of users\n  U  space in use"},
    {.path = "storage volume move", .usage = "[<remote>:]<pool>/<volume> [<remote>:]<pool>/<new volume name>", .summary = "Move a custom volume", .run = volume_move, .flags = kMoveFlags, .aliases = "mv"},
    {.path = "storage volume rebuild", .usage = "[<remote>:]<pool> [<type>/]<volume>", .summary = "Empty a custom volume without snapshots", .run = rebuild, .flags = kTargetFlags},
    {.path = "storage volume rename", .usage = "[<remote>:]<pool> <volume> <new volume name>", .summary = "Rename a custom volume", .run = rename, .flags = kTargetFlags},
    {.path = "storage volume set", .usage = "[<remote>:]<pool> [<type>/]<volume>[/<snapshot>] <key>=<value>...", .summary = "Set keys", .run = set, .flags = kPropertyTargetFlags, .about = kTypes},
    {.path = "storage volume show", .usage = "[<remote>:]<pool> [<type>/]<volume>", .summary = "Show a volume", .run = show, .flags = kTargetFlags, .about = kTypes},
    {.path = "storage volume unset", .usage = "[<remote>:]<pool> [<type>/]<volume>[/<snapshot>] <key>...", .summary = "Unset keys", .run = unset, .flags = kPropertyTargetFlags, .about = kTypes},
};

}  // namespace

std::string Volume::collection() const { return "/1.0/storage-pools/" + url_escape(pool) + "/volumes"; }
std::string Volume::path() const { return std::format("{}/{}/{}", collection(), type, url_escape(name)); }
std::string Volume::full_path() const { return snapshot.empty() ? path() : path() + "/snapshots/" + url_escape(snapshot); }

Result<Volume> volume_of(Call& call) {
  Volume volume{.server = TRY(call.server(call.args[0])), .pool = call.args[0].object().text};
  if (call.flags.known("target") && !call.flags.text("target").empty()) volume.server = volume.server.target(call.flags.text("target"));
  const Arg& arg = call.args[1];
  volume.name = arg.parts.empty() ? arg.text : arg.parts[1].text;
  if (!arg.parts.empty()) volume.type = arg.parts[0].get("custom");
  if (arg.parts.size() > 2) volume.snapshot = arg.parts[2].get();
  return volume;
}

Result<client::Reply> get_volume(Call& call, Volume& volume, std::string_view hint) {
  auto reply = volume.server.get(call.ctx, volume.full_path());
  if (!reply && reply.error().code() == Code::not_found) return fail(Code::not_found, "Storage pool volume \"{}/{}\" not found{}", volume.type, volume.name, hint);
  return reply;
}

extern const CommandTable volume_commands = kCommands;

}  // namespace cli
