// The command tree against tests/golden/cli-tree.tsv: names, aliases, flags, their types and defaults.
#include "applets/cli/tree.h"

#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <map>
#include <set>

#include "applets/cli/flags.h"
#include "applets/cli/usage.h"
#include "base/strings.h"

namespace {

struct Golden {
  std::string aliases;
  std::set<std::string> flags;  ///< "long|s type default"
};

std::map<std::string, Golden> load_golden() {
  std::filesystem::path folder = std::filesystem::current_path();
  while (!std::filesystem::exists(folder / "tests/golden/cli-tree.tsv") && folder.has_relative_path()) folder = folder.parent_path();
  std::map<std::string, Golden> tree;
  for (const std::string& line : split(read_file(folder / "tests/golden/cli-tree.tsv").value_or(""), '\n')) {
    StringList cells = split(line, '\t');
    if (cells.size() < 3) continue;
    if (cells[0] == "cmd") {
      tree[cells[1]].aliases = cells[2];
      continue;
    }
    std::string type = cells[4] == "bool" ? "boolean" : cells[4] == "string" ? "text" : cells[4] == "int" ? "number" : "list";
    std::string fallback = cells[5] == "false" || cells[5] == "0" ? "" : cells[5];
    tree[cells[1]].flags.insert(std::format("{}{}{} {} {}", cells[3], cells[2].empty() ? "" : "|", cells[2], type, fallback));
  }
  return tree;
}

std::set<std::string> flags_of(const cli::Command& command) {
  const char* kTypes[] = {"boolean", "text", "number", "list"};
  std::set<std::string> flags;
  for (const cli::Flag& flag : command.flags) {
    flags.insert(std::format("{} {} {}", flag.name, kTypes[static_cast<int>(flag.kind)], flag.fallback == "0" ? "" : flag.fallback));
  }
  return flags;
}

void visit(const cli::Command& parent, const std::map<std::string, Golden>& golden) {
  for (const cli::Command* command : cli::children_of(parent)) {
    if (command->path == "help" || command->path == "completion") continue;  // not in the listing it was made from
    INFO(command->path);
    auto expected = golden.find(std::string(command->path));
    CHECK(expected != golden.end());
    if (expected == golden.end()) continue;
    CHECK(std::string(command->aliases) == expected->second.aliases);
    CHECK(flags_of(*command) == expected->second.flags);
    cli::Usage compiled(command->usage, command->options);  // a broken usage line would abort here
    visit(*command, golden);
  }
}

/// What isn't built yet, with all below it: clusters, virtual machines, the operating system around them, and the browser's interface.
bool is_left_out(std::string_view path) {
  for (std::string_view group : {"admin os", "cluster", "webui"}) {
    if (path == group || (path.starts_with(group) && path[group.size()] == ' ')) return true;
  }
  return false;
}

}  // namespace

TEST_CASE("commands, aliases and flags equal the golden tree") {
  auto golden = load_golden();
  REQUIRE(golden.size() > 400);
  visit(cli::root_command(), golden);
  for (const auto& [path, entry] : golden) {
    INFO(path);
    CHECK((cli::find_path(path) != nullptr) != is_left_out(path));
  }
}
