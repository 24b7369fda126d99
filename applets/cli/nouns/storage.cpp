// `incus storage`: pools.
#include <print>

#include "api/types/storage_pool.h"
#include "api/yaml.h"
#include "applets/cli/verbs/columns.h"
#include "applets/cli/verbs/flags.h"
#include "applets/cli/verbs/noun.h"
#include "base/units.h"

namespace cli {

namespace {

constexpr Column kColumns[] = {{'n', "NAME", text_cell<"name">},       {'D', "DRIVER", text_cell<"driver">},   {'d', "DESCRIPTION", text_cell<"description">},
                               {'S', "SOURCE", config_cell<"source">}, {'u', "USED BY", count_cell<"used_by">}, {'s', "STATE", upper_cell<"status">}};

constexpr Noun kNoun = {
    .what = "storage pool",
    .title = "Storage pool",
    .collection = "/1.0/storage-pools",
    .wire = kWire<api::StoragePool, api::StoragePoolPut>,
    .edit_help = "The storage pool as YAML; comment lines like these are dropped.\n\nMembers: config (keys and values), description. Other members are only shown.",
    .columns = kColumns,
    .traits = kHasConfig | kSortUsedBy | kSilentGet | kHasMembers,
};

Result<> create(Call& call) { return create_object(call, kNoun, {{"driver", call.args[1].text}}, &call.args[2]); }

Result<> show(Call& call) {
  if (!call.flags.on("resources")) return show_verb(call);
  Target target = TRY(target_of(call, kNoun));
  std::print("{}", api::dump_yaml(TRY(target.server.get(call.ctx, target.path + "/resources")).metadata));
  return {};
}

/// Kind and text of one user of a pool; nothing for snapshots, which their parent stands for.
std::optional<std::pair<std::string, std::string>> user_of(const std::string& url) {
  size_t question = url.find('?');
  std::string path = url.substr(0, question);
  StringList parts = split(path.starts_with("/1.0/") ? path.substr(5) : path, '/');
  std::string kind = "unrecognized", name = path;
  if (parts.size() > 1) {
    kind = parts[0];
    name = parts[1];
    if (parts[parts.size() - 2] == "snapshots") return std::nullopt;
    if (kind == "storage-pools" && parts.size() > 3) {
      kind = parts[2];
      name = kind == "volumes" && parts.size() > 4 ? parts[4] : parts[3];
    }
  }
  http::Query query = http::Query::parse(question == std::string::npos ? "" : url.substr(question + 1));
  StringList notes;
  if (!query.get("project").empty()) notes.push_back("project " + quote(query.get("project")));
  if (!query.get("target").empty()) notes.push_back("location " + quote(query.get("target")));
  std::string text = url_unescape(name).value_or(name);
  return std::pair{kind, notes.empty() ? text : std::format("{} ({})", text, join(notes, ", "))};
}

Result<> info(Call& call) {
  Target target = TRY(target_of(call, kNoun));
  Json pool = TRY(target.server.get(call.ctx, target.path)).metadata;
  Json space = TRY(target.server.get(call.ctx, target.path + "/resources")).metadata["space"];
  auto amount = [&](const char* name) {
    int64_t bytes = space.value(name, Json(0)).get<int64_t>();
    return call.flags.on("bytes") ? std::to_string(bytes) : format_byte_size(bytes, 2);
  };
  std::map<std::string, Json> users;
  for (const Json& url : pool["used_by"]) {
    if (auto user = user_of(url.get<std::string>())) users[user->first].push_back(user->second);
  }
  Json used = Json::object();
  for (auto& [kind, list] : users) used[kind] = std::move(list);
  std::print("{}", api::dump_yaml({{"info", {{"description", member_text(pool, "description")}, {"driver", member_text(pool, "driver")}, {"name", member_text(pool, "name")},
                                             {"space used", amount("used")}, {"total space", amount("total")}}}}));
  std::print("{}", api::dump_yaml({{"used by", used}}));
  return {};
}

constexpr Flag kShowFlags[] = {{"resources", FlagKind::boolean, "Show space and inodes instead"}, kTargetFlag};
constexpr Flag kInfoFlags[] = {{"bytes", FlagKind::boolean, "Sizes as plain bytes"}, kTargetFlag};
constexpr Flag kListFlags[] = {columns_flag("nDdus"), kFormatFlag};

constexpr Command kCommands[] = {
    {.path = "storage", .summary = "Manage storage pools and volumes", .options = kGroup},
    {.path = "storage create", .usage = "[<remote>:]<new pool name> <driver> [<key>=<value>...]", .summary = "Make a storage pool", .run = create, .flags = kDescriptionTargetFlags, .aliases = "add",
     .examples = "incus storage create p1 dir\n    A pool on a plain directory.\n\nincus storage create p1 dir < p1.yaml\n    With a configuration from a document.", .options = kStrictPairs},
    {.path = "storage delete", .usage = "[<remote>:]<pool>...", .summary = "Delete storage pools", .run = delete_verb, .aliases = "rm,remove", .data = &kNoun},
    {.path = "storage edit", .usage = "[<remote>:]<pool>", .summary = "Edit a storage pool as YAML", .run = edit_verb, .data = &kNoun},
    {.path = "storage get", .usage = "[<remote>:]<pool> <key>", .summary = "Print the value of a key", .run = get_verb, .flags = kPropertyTargetFlags, .data = &kNoun},
    {.path = "storage info", .usage = "[<remote>:]<pool>", .summary = "Show space and users of a pool", .run = info, .flags = kInfoFlags},
    {.path = "storage list", .usage = "[<remote>:] [<filter>...]", .summary = "List storage pools", .run = list_verb, .flags = kListFlags, .aliases = "ls",
     .about = "Columns:\n  d  description\n  D  driver\n  n  name\n  s  state\n  S  source\n  u  number of users", .data = &kNoun},
    {.path = "storage set", .usage = "[<remote>:]<pool> <key>=<value>...", .summary = "Set keys", .run = set_verb, .flags = kPropertyTargetFlags, .data = &kNoun},
    {.path = "storage show", .usage = "[<remote>:]<pool>", .summary = "Show a storage pool", .run = show, .flags = kShowFlags, .data = &kNoun},
    {.path = "storage unset", .usage = "[<remote>:]<pool> <key>...", .summary = "Unset keys", .run = unset_verb, .flags = kPropertyTargetFlags, .data = &kNoun},
};

}  // namespace

extern const CommandTable storage_commands = kCommands;

}  // namespace cli
