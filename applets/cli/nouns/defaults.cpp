// `incus default`: the user's own defaults, kept in config.yml.
#include <print>

#include "api/yaml.h"
#include "applets/cli/call.h"
#include "applets/cli/input.h"

namespace cli {

namespace {

Result<> apply(Defaults& defaults, const std::string& key, const std::string& value) {
  if (key == "list_format") {
    if (!contains({"csv", "json", "table", "yaml", "compact", "markdown", ""}, value)) return fail(Code::invalid, "Invalid value {} for list_format", quote(value));
    defaults.list_format = value;
  } else if (key == "console_type") {
    if (!contains({"console", "vga", ""}, value)) return fail(Code::invalid, "Invalid value {} for console_type", quote(value));
    defaults.console_type = value;
  } else if (key == "console_spice_command") {
    defaults.console_spice_command = value;
  } else if (key == "no_color") {
    bool on = contains({"1", "t", "T", "true", "TRUE", "True"}, value);
    if (!on && !contains({"", "0", "f", "F", "false", "FALSE", "False"}, value)) return fail(Code::invalid, "no_color must be boolean");
    defaults.no_color = on;
  } else {
    return fail(Code::invalid, "Invalid default {}", quote(key));
  }
  return {};
}

Result<> set(Call& call) {
  for (const auto& [key, value] : TRY(read_pairs(call.args[0]))) TRY(apply(call.config.defaults, key, value));
  return call.config.save();
}

Result<> unset(Call& call) {
  for (const std::string& key : call.args[0].texts()) TRY(apply(call.config.defaults, key, ""));
  return call.config.save();
}

Result<> show(Call& call) {
  const Defaults& defaults = call.config.defaults;
  std::print("{}", api::dump_yaml({{"list_format", defaults.list_format}, {"console_type", defaults.console_type},
                                   {"console_spice_command", defaults.console_spice_command}, {"no_color", defaults.no_color}}));
  return {};
}

constexpr Command kCommands[] = {
    {.path = "default", .summary = "Manage your own defaults", .options = kGroup | kHiddenCommand},
    {.path = "default set", .usage = "<key>=<value>...", .summary = "Set defaults", .run = set,
     .about = "Keys: list_format, console_type, console_spice_command, no_color.", .options = kStrictPairs},
    {.path = "default show", .summary = "Show your defaults", .run = show},
    {.path = "default unset", .usage = "<default>...", .summary = "Unset defaults", .run = unset},
};

}  // namespace

extern const CommandTable default_commands = kCommands;

}  // namespace cli
