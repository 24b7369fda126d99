// Manual pages of the commands and of the config keys, from their tables.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "applets/cli/command.h"
#include "base/strings.h"

namespace cli {

struct ManualOption {
  std::string head;  ///< "-f, --format string"
  std::string text;
};

/// What a page of any format says about one command.
struct ManualPage {
  std::string command;  ///< "incus profile list"
  std::string summary, about, usage, examples;
  StringList aliases;
  std::vector<ManualOption> options, inherited;
  std::string parent;  ///< "" for the program itself
  std::vector<ManualOption> children;  ///< whole command lines and their summaries
};
ManualPage manual_page(const Command& command, bool all);

/// "man", "md", "rest" or "yaml".
struct ManualFormat {
  std::string_view name;
  std::string_view ending;
  char separator;  ///< between the words of a command in file names
  std::string (*render)(const ManualPage& page);
};
/// Null for unknown names.
const ManualFormat* find_manual_format(std::string_view name);

/// A chapter for each table of config keys, as a page of section 5 (man) or Markdown.
std::string key_manual_man();
std::string key_manual_markdown();

}  // namespace cli
