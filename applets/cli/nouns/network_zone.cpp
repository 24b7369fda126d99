// `incus network zone`: DNS zones that the server answers for, and their records.
#include "api/types/network_zone.h"

#include "applets/cli/nouns/network.h"
#include "applets/cli/verbs/columns.h"
#include "applets/cli/verbs/flags.h"

namespace cli {

namespace {

constexpr Column kZoneColumns[] = {{'e', "PROJECT", text_cell<"project">}, {'n', "NAME", text_cell<"name">}, {'d', "DESCRIPTION", text_cell<"description">}, {'u', "USED BY", count_cell<"used_by">}};
constexpr Noun kZone = {
    .what = "network zone",
    .title = "Network zone",
    .collection = "/1.0/network-zones",
    .wire = kWire<api::NetworkZone, api::NetworkZonePut>,
    .edit_help = "The network zone as YAML; comment lines like these are dropped.\n\nMembers: description, config (keys and values).",
    .columns = kZoneColumns,
    .all_projects_column = "e",
    .traits = kHasConfig | kSortUsedBy | kSilentGet,
    .deleted_title = "Network Zone",
};

std::string entries_cell(const Json& record) {
  StringList lines;
  for (const Json& entry : record["entries"]) lines.push_back(std::format("{} {}", member_text(entry, "type"), member_text(entry, "value")));
  return join(lines, "\n");
}

constexpr Column kRecordColumns[] = {{'n', "NAME", text_cell<"name">}, {'d', "DESCRIPTION", text_cell<"description">}, {'e', "ENTRIES", entries_cell}};
constexpr Noun kRecord = {
    .what = "network zone record",
    .title = "Network zone record",
    .collection = "/1.0/network-zones/{}/records",
    .wire = kWire<api::NetworkZoneRecord, api::NetworkZoneRecordPut>,
    .edit_help = "The record as YAML; comment lines like these are dropped.\n\nMembers: description, config, entries (a list: type, value, ttl).",
    .columns = kRecordColumns,
    .traits = kHasConfig | kSilentGet,
};

Result<> entry_add(Call& call) {
  return update_target(call, kRecord, [&](Json& record) -> Result<> {
    Json entry = {{"type", call.args[2].text}, {"value", call.args[3].text}};
    if (call.flags.number("ttl")) entry["ttl"] = call.flags.number("ttl");
    record["entries"].push_back(std::move(entry));
    return {};
  });
}

Result<> entry_remove(Call& call) {
  return update_target(call, kRecord, [&](Json& record) -> Result<> {
    Json& entries = record["entries"];
    for (size_t i = 0; i < entries.size(); ++i) {
      if (member_text(entries[i], "type") != call.args[2].text || member_text(entries[i], "value") != call.args[3].text) continue;
      entries.erase(i);
      return {};
    }
    return fail(Code::not_found, "Couldn't find a matching entry");
  });
}

constexpr Flag kListFlags[] = {columns_flag("ndu"), kFormatFlag, kAllProjectsFlag};
constexpr Flag kTtlFlags[] = {{"ttl", FlagKind::number, "Seconds that others may remember it"}};

constexpr Command kCommands[] = {
    {.path = "network zone", .summary = "Manage DNS zones", .options = kGroup},
    {.path = "network zone create", .usage = "[<remote>:]<new zone name> [<key>=<value>...]", .summary = "Make a zone", .run = create_verb, .flags = kDescriptionFlags, .aliases = "add",
     .examples = "incus network zone create z1 < z1.yaml\n    Make zone z1 from a document.", .options = kStrictPairs, .data = &kZone},
    {.path = "network zone delete", .usage = "[<remote>:]<zone>...", .summary = "Delete zones", .run = delete_verb, .aliases = "rm,remove", .data = &kZone},
    {.path = "network zone edit", .usage = "[<remote>:]<zone>", .summary = "Edit a zone as YAML", .run = edit_verb, .data = &kZone},
    {.path = "network zone get", .usage = "[<remote>:]<zone> <key>", .summary = "Print the value of a key", .run = get_verb, .flags = kPropertyFlags, .data = &kZone},
    {.path = "network zone list", .usage = "[<remote>:]", .summary = "List zones", .run = list_verb, .flags = kListFlags, .aliases = "ls",
     .about = "Columns:\n  d  description\n  e  project\n  n  name\n  u  number of users", .data = &kZone},
    {.path = "network zone record", .summary = "Manage the records of a zone", .options = kGroup},
    {.path = "network zone record create", .usage = "[<remote>:]<zone> <new record name> [<key>=<value>...]", .summary = "Make a record", .run = create_verb, .flags = kDescriptionFlags, .aliases = "add", .options = kStrictPairs, .data = &kRecord},
    {.path = "network zone record delete", .usage = "[<remote>:]<zone> <record>", .summary = "Delete a record", .run = delete_verb, .aliases = "rm,remove", .data = &kRecord},
    {.path = "network zone record edit", .usage = "[<remote>:]<zone> <record>", .summary = "Edit a record as YAML", .run = edit_verb, .data = &kRecord},
    {.path = "network zone record entry", .summary = "Manage the entries of a record", .options = kHelpGroup},
    {.path = "network zone record entry add", .usage = "[<remote>:]<zone> <record> <type> <value>", .summary = "Add an entry", .run = entry_add, .flags = kTtlFlags, .aliases = "create"},
    {.path = "network zone record entry remove", .usage = "[<remote>:]<zone> <record> <type> <value>", .summary = "Remove an entry", .run = entry_remove, .aliases = "delete,rm"},
    {.path = "network zone record get", .usage = "[<remote>:]<zone> <record> <key>", .summary = "Print the value of a key", .run = get_verb, .flags = kPropertyFlags, .data = &kRecord},
    {.path = "network zone record list", .usage = "[<remote>:]<zone>", .summary = "List records", .run = list_verb, .flags = kFormatFlags, .aliases = "ls", .data = &kRecord},
    {.path = "network zone record set", .usage = "[<remote>:]<zone> <record> <key>=<value>...", .summary = "Set keys", .run = set_verb, .flags = kPropertyFlags, .data = &kRecord},
    {.path = "network zone record show", .usage = "[<remote>:]<zone> <record>", .summary = "Show a record", .run = show_verb, .data = &kRecord},
    {.path = "network zone record unset", .usage = "[<remote>:]<zone> <record> <key>...", .summary = "Unset keys", .run = unset_verb, .flags = kPropertyFlags, .data = &kRecord},
    {.path = "network zone set", .usage = "[<remote>:]<zone> <key>=<value>...", .summary = "Set keys", .run = set_verb, .flags = kPropertyFlags, .data = &kZone},
    {.path = "network zone show", .usage = "[<remote>:]<zone>", .summary = "Show a zone", .run = show_verb, .data = &kZone},
    {.path = "network zone unset", .usage = "[<remote>:]<zone> <key>...", .summary = "Unset keys", .run = unset_verb, .flags = kPropertyFlags, .data = &kZone},
};

}  // namespace

extern const CommandTable network_zone_commands = kCommands;

}  // namespace cli
