// `incus alias`: the user's own commands, kept in config.yml.
#include "applets/cli/alias.h"
#include "applets/cli/call.h"
#include "applets/cli/table.h"

namespace cli {

namespace {

Json described(const StringMap& aliases) {
  Json object = Json::object();
  for (const auto& [name, value] : aliases) object[name] = value;
  return object;
}

Result<> add(Call& call) {
  const std::string& name = call.args[0].text;
  if (call.config.aliases.contains(name)) return fail(Code::conflict, "Alias {} already exists", name);
  call.config.aliases[name] = call.args[1].text;
  return call.config.save();
}

Result<> list(Call& call) {
  TRY(check_format(call.flags.text("format")));
  StringMap all = built_in_aliases();
  for (const auto& [name, value] : call.config.aliases) all[name] = value;
  Table table{{"ALIAS", "TARGET"}, {}};
  for (const auto& [name, value] : all) table.rows.push_back({name, value});
  sort_rows(table.rows);
  return print_table(call.flags.text("format"), table, described(all));
}

Result<> rename(Call& call) {
  const std::string& from = call.args[0].text;
  const std::string& to = call.args[1].text;
  auto found = call.config.aliases.find(from);
  if (found == call.config.aliases.end()) return fail(Code::not_found, "Alias {} doesn't exist", from);
  if (call.config.aliases.contains(to)) return fail(Code::conflict, "Alias {} already exists", to);
  call.config.aliases[to] = found->second;
  call.config.aliases.erase(from);
  return call.config.save();
}

Result<> remove(Call& call) {
  if (!call.config.aliases.erase(call.args[0].text)) return fail(Code::not_found, "Alias {} doesn't exist", call.args[0].text);
  return call.config.save();
}

constexpr Flag kListFlags[] = {kFormatFlag};

constexpr Command kCommands[] = {
    {.path = "alias", .summary = "Manage your own commands", .options = kGroup | kHiddenCommand},
    {.path = "alias add",
     .usage = "<new alias name> <target command>",
     .summary = "Define a command",
     .run = add,
     .aliases = "create",
     .about = "@ARGS@ in the target stands for all arguments, @ARG1@ for the first one and so on.\nWithout them, arguments are appended.",
     .examples = "incus alias add ll \"list -c ns46S\"\n    A list with other columns.\n\nincus alias add cat \"exec @ARG1@ -- cat @ARG2@\"\n    Show a file of an instance."},
    {.path = "alias list", .summary = "List your commands", .run = list, .flags = kListFlags, .aliases = "ls"},
    {.path = "alias remove", .usage = "<alias>", .summary = "Drop a command", .run = remove, .aliases = "delete,rm"},
    {.path = "alias rename", .usage = "<alias> <new alias name>", .summary = "Rename a command", .run = rename, .aliases = "mv"},
};

}  // namespace

extern const CommandTable alias_commands = kCommands;

}  // namespace cli
