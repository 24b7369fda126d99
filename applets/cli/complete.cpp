// Completion of commands, aliases of the user and flags, from the same tables that run them.
#include "applets/cli/complete.h"

#include <print>

#include "applets/cli/config.h"
#include "applets/cli/tree.h"
#include "applets/cli/flags.h"

namespace cli {

namespace {

void offer(std::string_view word, std::string_view summary, std::string_view prefix, bool describe) {
  if (!word.starts_with(prefix)) return;
  if (describe && !summary.empty()) std::println("{}\t{}", word, summary);
  else std::println("{}", word);
}

void offer_flags(std::span<const Flag> flags, std::string_view prefix, bool describe) {
  for (const Flag& flag : flags) {
    offer(std::format("--{}", long_name(flag)), flag.help, prefix, describe);
    if (short_name(flag)) offer(std::format("-{}", short_name(flag)), flag.help, prefix, describe);
  }
}

void offer_aliases(std::string_view prefix, bool describe) {
  Result<Config> config = Config::load();
  if (!config) return;
  for (const auto& [name, target] : config->aliases) {
    if (!name.contains(' ')) offer(name, target, prefix, describe);
  }
}

}  // namespace

int run_completion(const StringList& arguments) {
  bool describe = arguments[0] == "__complete";
  const Command* command = &root_command();
  for (size_t i = 1; i + 1 < arguments.size(); ++i) {
    const Command* child = arguments[i].starts_with('-') ? nullptr : find_child(*command, arguments[i]);
    if (child) command = child;
  }
  std::string prefix = arguments.size() > 1 ? arguments.back() : "";
  if (prefix.starts_with('-')) {
    offer_flags(command->flags, prefix, describe);
    offer_flags(global_flags(), prefix, describe);
  } else {
    for (const Command* child : children_of(*command)) {
      if (!(child->options & kHiddenCommand)) offer(name_of(*child), child->summary, prefix, describe);
    }
    if (command->path.empty()) offer_aliases(prefix, describe);
  }
  std::println(":4");
  std::println(stderr, "Completion ended with directive: ShellCompDirectiveNoFileComp");
  return 0;
}

}  // namespace cli
