// Help layout: sections in the order and indentation that users of the API's client know.
#include "applets/cli/help.h"

#include <algorithm>

#include "applets/cli/flags.h"
#include "applets/cli/tree.h"
#include "applets/cli/width.h"
#include "base/strings.h"

namespace cli {

namespace {

std::string indent(std::string_view text) {
  std::string out;
  for (const std::string& line : split(text, '\n')) out += (line.empty() ? "" : "  ") + line + "\n";
  return out;
}

std::string padded(std::string_view text, size_t width) { return std::string(text) + repeat(" ", width - std::min(width, display_width(text))); }

bool listed(const Command& command, const HelpOptions& options) { return options.all || !(command.options & kHiddenCommand); }

std::string_view summary_of(const Command& command) { return command.summary; }

/// Names are padded to the longest one, at least 11 columns.
size_t name_width(const std::vector<const Command*>& commands) {
  size_t width = 11;
  for (const Command* command : commands) width = std::max(width, name_of(*command).size());
  return width;
}

void list_commands(std::string& out, const Command& parent, const HelpOptions& options, int level) {
  std::vector<const Command*> children = children_of(parent);
  size_t width = name_width(children);
  for (const Command* child : children) {
    if (!listed(*child, options)) continue;
    out += repeat("  ", level + 1) + padded(name_of(*child), width) + (options.sub_commands ? "  " : " ") + std::string(summary_of(*child)) + "\n";
    if (options.sub_commands && level < 3) list_commands(out, *child, options, level + 1);
  }
}

std::string flag_head(const Flag& flag) {
  std::string head = short_name(flag) ? std::format("  -{}, --{}", short_name(flag), long_name(flag)) : std::format("      --{}", long_name(flag));
  if (flag.kind != FlagKind::boolean && !flag.bare.empty()) head += std::format("[=\"{}\"]", flag.bare);
  return head;
}

std::string flag_default(const Flag& flag) {
  if (flag.fallback.empty() || flag.fallback == "0" || flag.fallback == "false") return "";
  if (flag.kind == FlagKind::text) return std::format(" (default \"{}\")", flag.fallback);
  return std::format(" (default {})", flag.fallback);
}

}  // namespace

std::string flag_lines(std::span<const Flag> flags) {
  std::vector<const Flag*> sorted;
  size_t width = 0;
  for (const Flag& flag : flags) {
    sorted.push_back(&flag);
    width = std::max(width, flag_head(flag).size());
  }
  std::ranges::sort(sorted, {}, [](const Flag* flag) { return long_name(*flag); });
  std::string out;
  for (const Flag* flag : sorted) out += padded(flag_head(*flag), width) + "   " + std::string(flag->help) + flag_default(*flag) + "\n";
  return out;
}

namespace {

std::vector<Flag> own_flags(const Command& command) {
  std::vector<Flag> flags(command.flags.begin(), command.flags.end());
  if (command.path.empty()) flags.insert(flags.end(), global_flags().begin(), global_flags().end());
  return flags;
}

/// Global flags that the command doesn't declare itself with another meaning.
std::vector<Flag> inherited_flags(const Command& command) {
  std::vector<Flag> flags;
  for (const Flag& flag : global_flags()) {
    bool own = std::ranges::any_of(command.flags, [&](const Flag& other) { return long_name(other) == long_name(flag); });
    if (!own) flags.push_back(flag);
  }
  return flags;
}

}  // namespace

std::string usage_text(const Command& command, HelpOptions options) {
  std::string line = command_line_of(command);
  bool group = has_children(command);
  std::string out = "Usage:\n";
  if (!(command.options & kHelpGroup)) {
    std::string_view space = command.usage.empty() ? "" : " ";
    out += std::format("  {}{}{}{}\n", line, space, command.usage, command.usage.contains("[flags]") ? "" : " [flags]");
  }
  if (group) out += std::format("  {} [command]\n", line);
  if (!command.aliases.empty()) out += std::format("\nAliases:\n  {}, {}\n", name_of(command), join(split_list(command.aliases), ", "));
  if (!command.examples.empty()) out += "\nExamples:\n" + indent(command.examples);
  if (group) {
    out += "\nAvailable Commands:\n";
    list_commands(out, command, options, 0);
  }
  std::vector<Flag> flags = own_flags(command);
  if (!flags.empty()) out += "\nFlags:\n" + flag_lines(flags);
  if (!command.path.empty()) out += "\nGlobal Flags:\n" + flag_lines(inherited_flags(command));
  if (group) out += std::format("\nUse \"{} [<command>] --help\" for more information about a command.\n", line);
  return out;
}

std::string help_text(const Command& command, HelpOptions options) {
  std::string out = "Description:\n" + indent(command.summary);
  if (!command.about.empty()) out += "\n" + indent(command.about);
  return out + "\n" + usage_text(command, options);
}

}  // namespace cli
