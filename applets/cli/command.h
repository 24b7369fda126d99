// A command of the client is a row: what it is called, which arguments and flags it takes, which function runs it.
#pragma once
#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.h"

namespace cli {

class Call;

enum class FlagKind : uint8_t { boolean, text, number, list };

/// One flag. `name` is "long|s" or "long". Values given more than once: the last wins, except for lists.
struct Flag {
  std::string_view name;
  FlagKind kind;
  std::string_view help;
  std::string_view fallback = "";  ///< value when the flag is absent; shown in --help unless empty or zero
  std::string_view bare = "";      ///< value when the flag stands without one (`--console`); empty: a value is required
};

enum CommandOptions : unsigned {
  kPlainCommand = 0,
  kHiddenCommand = 1,     ///< only listed with --all
  kGroup = 2,             ///< has sub-commands only; alone it prints its usage
  kHelpGroup = 4,         ///< the same, but alone it prints the whole help
  kRightToLeft = 8,       ///< arguments are matched from the last one (so that `get [INSTANCE] KEY` works)
  kStrictPairs = 16,      ///< `<key>=<value>` must be one word (elsewhere `KEY VALUE` is still taken, with a warning)
  kSingleFromRight = 64,  ///< kRightToLeft if there is only one argument
  kStopAtArgument = 32,   ///< flags end at the first argument (the rest is another program's command line)
};

/// One row of a noun's table.
struct Command {
  std::string_view path;     ///< "profile device add"
  std::string_view usage;    ///< argument grammar as shown after the path: "[<remote>:]<profile> <key>=<value>..."
  std::string_view summary;  ///< one line, without a full stop
  /// Does the work. An error is printed as "Error: …" and gives exit code 1; Call::exit_code sets another. Null for groups.
  Result<> (*run)(Call& call) = nullptr;
  std::span<const Flag> flags = {};
  std::string_view aliases = "";   ///< "add,new"
  std::string_view about = "";     ///< more paragraphs of --help, after the summary
  std::string_view examples = "";  ///< shown with two spaces of indentation
  unsigned options = kPlainCommand;
  const void* data = nullptr;      ///< what a generic verb works on (verbs/noun.h)
};

/// Some commands, usually those of one noun. One line in nouns.def each; where a row stands does not matter.
using CommandTable = std::span<const Command>;

/// Every table, in no particular order.
std::span<const CommandTable* const> command_tables();

}  // namespace cli
