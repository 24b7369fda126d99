// `incus profile`: sets of configuration and devices that instances share.
#include "api/types/profile.h"

#include "api/types/instance.h"
#include "applets/cli/verbs/columns.h"
#include "applets/cli/verbs/flags.h"
#include "applets/cli/verbs/noun.h"
#include "applets/cli/wait.h"

namespace cli {

namespace {

constexpr Column kColumns[] = {
    {'n', "NAME", text_cell<"name">},
    {'e', "PROJECT", text_cell<"project">},
    {'d', "DESCRIPTION", text_cell<"description">},
    {'u', "USED BY", count_cell<"used_by">},
};

constexpr Noun kNoun = {
    .what = "profile",
    .title = "Profile",
    .collection = "/1.0/profiles",
    .wire = kWire<api::Profile, api::ProfilePut>,
    .edit_help = "The profile as YAML; comment lines like these are dropped.\n\nMembers: config (keys and values), description, devices (by name).\nThe name is only shown: use `incus profile rename`.",
    .columns = kColumns,
    .all_projects_column = "e",
};

/// Changes the profile list of an instance.
Result<> change_profiles(Call& call, const std::function<Result<>(Json& profiles)>& change) {
  client::Server server = TRY(call.server(call.args[0]));
  std::string path = "/1.0/instances/" + url_escape(call.args[0].object().text);
  client::Reply reply = TRY(server.get(call.ctx, path));
  Json instance = TRY(retyped<api::InstancePut>(reply.metadata));
  TRY(change(instance["profiles"]));
  TRY(run_request(call, server, http::Method::put, path, api::dump_json(instance), reply.etag));
  return {};
}

Result<> add(Call& call) {
  const std::string& profile = call.args[1].text;
  TRY(change_profiles(call, [&](Json& profiles) -> Result<> {
    profiles.push_back(profile);
    return {};
  }));
  call.say(std::format("Profile {} added to {}", profile, call.shown(call.args[0])));
  return {};
}

Result<> assign(Call& call) {
  StringList names = call.args[1].branch == 0 ? call.args[1].texts() : StringList{};
  if (names.size() == 1) names = split(names[0], ',');  // "a,b" as one word is still understood
  if (names.size() == 1 && names[0].empty()) names.clear();
  TRY(change_profiles(call, [&](Json& profiles) -> Result<> {
    profiles = names;
    return {};
  }));
  std::string instance = call.shown(call.args[0]);
  if (names.empty()) call.say(std::format("All profiles removed from {}", instance));
  else call.say(std::format("Profiles {} applied to {}", join(names, ", "), instance));
  return {};
}

Result<> remove(Call& call) {
  const std::string& profile = call.args[1].text;
  TRY(change_profiles(call, [&](Json& profiles) -> Result<> {
    size_t before = profiles.size();
    Json rest = Json::array();
    for (const Json& name : profiles) {
      if (name != profile) rest.push_back(name);
    }
    if (rest.size() == before) return fail(Code::not_found, "Profile {} isn't currently applied to {}", profile, call.shown(call.args[0]));
    profiles = std::move(rest);
    return {};
  }));
  call.say(std::format("Profile {} removed from {}", profile, call.shown(call.args[0])));
  return {};
}

Result<> copy(Call& call) {
  client::Server from = TRY(call.server(call.args[0]));
  client::Server to = TRY(call.server(call.args[1]));
  if (call.flags.given("target-project")) to = to.project(call.flags.text("target-project"));
  client::Reply reply = TRY(from.get(call.ctx, "/1.0/profiles/" + url_escape(call.args[0].object().text)));
  Json profile = TRY(retyped<api::ProfilePut>(reply.metadata));
  const std::string& name = call.args[1].object().text;
  if (call.flags.on("refresh")) {
    auto updated = run_request(call, to, http::Method::put, "/1.0/profiles/" + url_escape(name), api::dump_json(profile));
    if (updated) return {};
    if (updated.error().code() != Code::not_found) return std::unexpected(updated.error());
  }
  profile["name"] = name;
  TRY(run_request(call, to, http::Method::post, "/1.0/profiles", api::dump_json(profile)));
  return {};
}

constexpr Flag kAssignFlags[] = {{"no-profiles", FlagKind::boolean, "Leave the instance without profiles"}};
constexpr Flag kCopyFlags[] = {{"refresh", FlagKind::boolean, "Overwrite the target if it exists"},
                               {"target-project", FlagKind::text, "Project of the copy, if another one"}};
constexpr Flag kListFlags[] = {columns_flag("ndu"), kFormatFlag, kAllProjectsFlag};

constexpr Command kCommands[] = {
    {.path = "profile", .summary = "Manage profiles", .options = kGroup},
    {.path = "profile add", .usage = "[<remote>:]<instance> <profile>", .summary = "Give an instance one more profile", .run = add},
    {.path = "profile assign",
     .usage = "[<remote>:]<instance> (<profile>...|--no-profiles)",
     .summary = "Replace the profiles of an instance",
     .run = assign,
     .flags = kAssignFlags,
     .aliases = "apply",
     .examples = "incus profile assign foo default bar\n    Instance foo has the profiles default and bar afterwards.\n\nincus profile assign foo --no-profiles\n    It has none."},
    {.path = "profile copy", .usage = "[<remote>:]<profile> [<remote>:]<new profile name>", .summary = "Copy a profile", .run = copy, .flags = kCopyFlags, .aliases = "cp"},
    {.path = "profile create",
     .usage = "[<remote>:]<new profile name>",
     .summary = "Make a profile",
     .run = create_verb,
     .flags = kDescriptionFlags,
     .examples = "incus profile create p1 < p1.yaml\n    Make profile p1 from a document.",
     .data = &kNoun},
    {.path = "profile delete", .usage = "[<remote>:]<profile>...", .summary = "Delete profiles", .run = delete_verb, .aliases = "rm", .data = &kNoun},
    {.path = "profile edit", .usage = "[<remote>:]<profile>", .summary = "Edit a profile as YAML", .run = edit_verb, .data = &kNoun},
    {.path = "profile get", .usage = "[<remote>:]<profile> <key>", .summary = "Print the value of a key", .run = get_verb, .flags = kPropertyFlags, .data = &kNoun},
    {.path = "profile list", .usage = "[<remote>:] [<filter>...]", .summary = "List profiles", .run = list_verb, .flags = kListFlags, .aliases = "ls",
     .about = "Columns:\n  d  description\n  e  project\n  n  name\n  u  number of users", .data = &kNoun},
    {.path = "profile remove", .usage = "[<remote>:]<instance> <profile>", .summary = "Take a profile from an instance", .run = remove},
    {.path = "profile rename", .usage = "[<remote>:]<profile> <new profile name>", .summary = "Rename a profile", .run = rename_verb, .aliases = "mv", .data = &kNoun},
    {.path = "profile set", .usage = "[<remote>:]<profile> <key>=<value>...", .summary = "Set keys", .run = set_verb, .flags = kPropertyFlags, .data = &kNoun},
    {.path = "profile show", .usage = "[<remote>:]<profile>", .summary = "Show a profile", .run = show_verb, .data = &kNoun},
    {.path = "profile unset", .usage = "[<remote>:]<profile> <key>...", .summary = "Unset keys", .run = unset_verb, .flags = kPropertyFlags, .data = &kNoun},
};

}  // namespace

extern const CommandTable profile_commands = kCommands;

}  // namespace cli
