// The command tree, found by walking tables: nothing is built before a command runs.
#include "applets/cli/tree.h"

#include <algorithm>
#include <array>

#include "base/strings.h"

namespace cli {

#define NOUN(symbol) extern const CommandTable symbol;
#include "applets/cli/nouns.def"
#undef NOUN

namespace {

constexpr Flag kGlobal[] = {
    {"debug", FlagKind::boolean, "Log every step, requests included"},
    {"explain", FlagKind::boolean, "Only show how the arguments would be understood"},
    {"force-local", FlagKind::boolean, "Talk to the server on this machine whatever the configuration says"},
    {"help|h", FlagKind::boolean, "Show this help"},
    {"project", FlagKind::text, "Work in this project instead of the remote's own"},
    {"quiet|q", FlagKind::boolean, "No progress output"},
    {"sub-commands", FlagKind::boolean, "In help texts, list commands of all levels"},
    {"verbose|v", FlagKind::boolean, "Log the main steps"},
    {"version", FlagKind::boolean, "Print the version of this client"},
};
constexpr Flag kRootOnly[] = {{"all|a", FlagKind::boolean, "List rarely used commands too"}};

constexpr Command kRoot = {
    .path = "",
    .usage = "",
    .summary = "The incusbox client: drives Incus servers, local or remote",
    .flags = kRootOnly,
    .about = "Each command below has its own --help.\n\nFor shortcuts of your own, see \"incus alias\".",
    .options = kHelpGroup,
};
constexpr Command kHelp = {.path = "help", .usage = "[command]", .summary = "Explain a command", .flags = kRootOnly};

bool is_called(const Command& command, std::string_view word) {
  return name_of(command) == word || contains(split_list(command.aliases), word);
}

size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0]++;
    for (size_t j = 1; j <= b.size(); ++j) {
      size_t next = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1])});
      diagonal = row[j];
      row[j] = next;
    }
  }
  return row[b.size()];
}

/// Calls `use` for each row whose parent is `parent`, until it returns true; that row or null.
template <class Use>
const Command* each_child(const Command& parent, Use use) {
  std::string prefix = parent.path.empty() ? "" : std::string(parent.path) + " ";
  for (const CommandTable* table : command_tables()) {
    for (const Command& row : *table) {
      if (row.path.starts_with(prefix) && row.path.find(' ', prefix.size()) == std::string_view::npos && use(row)) return &row;
    }
  }
  return parent.path.empty() && use(kHelp) ? &kHelp : nullptr;
}

}  // namespace

std::span<const CommandTable* const> command_tables() {
  static constexpr std::array kAll = {
#define NOUN(symbol) &symbol,
#include "applets/cli/nouns.def"
#undef NOUN
  };
  return kAll;
}

const Command& root_command() { return kRoot; }

const Command* find_child(const Command& parent, std::string_view word) {
  if (parent.path == "config" && word == "profile") return find_child(kRoot, word);  // where profiles were long ago; still used by scripts
  const Command* exact = each_child(parent, [&](const Command& row) { return name_of(row) == word; });
  return exact ? exact : each_child(parent, [&](const Command& row) { return is_called(row, word); });
}

std::vector<const Command*> children_of(const Command& parent) {
  std::vector<const Command*> list;
  each_child(parent, [&](const Command& row) {
    list.push_back(&row);
    return false;
  });
  std::ranges::sort(list, {}, [](const Command* row) { return name_of(*row); });
  return list;
}

bool has_children(const Command& command) {
  return each_child(command, [](const Command&) { return true; }) != nullptr;
}

const Command* find_path(std::string_view path) {
  const Command* command = &kRoot;
  if (path.empty()) return command;
  for (const std::string& word : split(path, ' ')) {
    command = find_child(*command, word);
    if (!command) return nullptr;
  }
  return command;
}

const Command& parent_of(const Command& command) {
  size_t space = command.path.rfind(' ');
  const Command* parent = space == std::string_view::npos ? &kRoot : find_path(command.path.substr(0, space));
  return parent ? *parent : kRoot;
}

std::string_view name_of(const Command& command) { return command.path.substr(command.path.rfind(' ') + 1); }

std::string command_line_of(const Command& command) { return command.path.empty() ? "incus" : "incus " + std::string(command.path); }

std::span<const Flag> global_flags() { return kGlobal; }
std::span<const Flag> root_flags() { return kRootOnly; }

std::vector<std::string_view> suggestions_for(std::string_view word) {
  std::vector<std::string_view> list;
  for (const Command* row : children_of(kRoot)) {
    std::string_view name = name_of(*row);
    if (row->options & kHiddenCommand) continue;
    if (edit_distance(to_lower(word), name) <= 2 || name.starts_with(to_lower(word))) list.push_back(name);
  }
  return list;
}

}  // namespace cli
