// Finding commands by their words, names or aliases.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "applets/cli/command.h"

namespace cli {

/// The row of "" (the program itself).
const Command& root_command();
/// The direct sub-command of `parent` called `word` (name or alias), or null.
const Command* find_child(const Command& parent, std::string_view word);
/// Direct sub-commands sorted by name.
std::vector<const Command*> children_of(const Command& parent);
bool has_children(const Command& command);
/// The command of exactly this path, or null.
const Command* find_path(std::string_view path);
/// The parent's row (the root for a first-level command).
const Command& parent_of(const Command& command);
/// The last word of the path.
std::string_view name_of(const Command& command);
/// "incus profile list"
std::string command_line_of(const Command& command);
/// Flags that every command takes, sorted by name; flags of the root alone (--all).
std::span<const Flag> global_flags();
std::span<const Flag> root_flags();
/// Visible first-level commands whose names look like `word`.
std::vector<std::string_view> suggestions_for(std::string_view word);

}  // namespace cli
