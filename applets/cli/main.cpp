// The client's entry: find the command, expand aliases, parse flags and arguments, run, report.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <print>

#include "applets/applet.h"
#include "applets/cli/alias.h"
#include "applets/cli/call.h"
#include "applets/cli/complete.h"
#include "applets/cli/first_run.h"
#include "applets/cli/help.h"
#include "applets/cli/tree.h"
#include "applets/cli/version.h"

namespace cli {

namespace {

int complain(const Error& error) {
  std::fflush(stdout);
  std::println(stderr, "Error: {}", error.message());
  return 1;
}

void print(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stdout); }

/// Words of the command found among the arguments, and the arguments without them.
struct Found {
  const Command* command;
  StringList rest;
};

/// Does this word stand before its own value?
bool takes_next_word(const std::string& word, const Flags& flags) {
  if (word.contains('=')) return false;
  const Flag* flag = word.starts_with("--") ? flags.find(std::string_view(word).substr(2)) : word.size() == 2 ? flags.find(word[1]) : nullptr;
  return flag && flag->kind != FlagKind::boolean && flag->bare.empty();
}

/// Follows the words that are not flags down the tree.
Found find_command(const StringList& arguments) {
  Found found{&root_command(), arguments};
  for (size_t i = 0; i < found.rest.size(); ++i) {
    const std::string& word = found.rest[i];
    if (word == "--") break;
    if (word.size() > 1 && word[0] == '-') {
      Flags flags;
      flags.declare(found.command->flags);
      flags.declare(global_flags());
      if (takes_next_word(word, flags)) ++i;
      continue;
    }
    const Command* child = find_child(*found.command, word);
    if (!child) break;
    found.command = child;
    found.rest.erase(found.rest.begin() + i--);
  }
  return found;
}

/// Index of the first word that is not a flag of the root; the end if a flag comes first that only a sub-command can know.
size_t first_word(const StringList& arguments) {
  Flags flags;
  flags.declare(root_flags());
  flags.declare(global_flags());
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& word = arguments[i];
    if (word == "--") return i + 1;
    if (word.size() < 2 || word[0] != '-') return i;
    if (takes_next_word(word, flags)) ++i;
  }
  return arguments.size();
}

Failure unknown_command(const Command& parent, const std::string& word) {
  std::string text = std::format("unknown command {} for {}", quote(word), quote(command_line_of(parent)));
  if (parent.path.empty()) {
    std::string list;
    for (std::string_view name : suggestions_for(word)) list += std::format("\t{}\n", name);
    if (!list.empty()) text += "\n\nDid you mean this?\n" + list;
  }
  return fail(Code::invalid, "{}", text);
}

HelpOptions help_options(const Flags& flags) { return {.all = flags.known("all") && flags.on("all"), .sub_commands = flags.on("sub-commands")}; }

/// `incus help WORDS…`
int run_help(const StringList& words, const Flags& flags) {
  const Command* command = &root_command();
  for (const std::string& word : words) {
    command = find_child(*command, word);
    if (command) continue;
    std::string list;
    for (const std::string& item : words) list += (list.empty() ? "`" : " `") + item + "`";
    std::print(stderr, "Unknown help topic [{}]\n{}", list, usage_text(root_command(), help_options(flags)));
    return 0;
  }
  print(help_text(*command, help_options(flags)));
  return 0;
}

/// What the root's own flags and groups do without any function.
std::optional<int> run_without_function(const Found& found, const StringList& arguments, const Flags& flags) {
  if (flags.on("help")) {
    print(help_text(*found.command, help_options(flags)));
    return 0;
  }
  if (found.command->path.empty() && flags.on("version")) {
    std::println("{}", kVersion);
    return 0;
  }
  if (found.command->path == "help") return run_help(arguments, flags);
  bool group = found.command->options & (kGroup | kHelpGroup);
  if (!group) return std::nullopt;
  if (!arguments.empty() && (found.command->path.empty() || found.command->options & kGroup)) {
    return complain(unknown_command(*found.command, arguments[0]).error());
  }
  if (found.command->options & kHelpGroup) print(help_text(*found.command, help_options(flags)));
  else std::print(stderr, "{}", usage_text(*found.command, help_options(flags)));
  return 0;
}

Result<std::vector<Arg>> match_arguments(const Command& command, const StringList& arguments, const Flags& flags, const Config& config) {
  Usage usage(command.usage, command.options);
  std::vector<Arg> matched;
  Result<std::vector<Arg>> args = usage.match(arguments, flags, config, matched);
  bool explain = flags.on("explain");
  if (args && !explain) return args;
  bool unfinished = !args && (args.error().message().starts_with("not enough arguments") || args.error().message().starts_with("unexpected end of argument"));
  if (unfinished && arguments.empty()) print(help_text(command, help_options(flags)) + "\n");
  else print(draw_match(usage, command_line_of(command), matched, arguments.size()));
  if (args && explain) std::println("This command was called with --explain; its arguments are valid, but no further processing is done");
  return args;
}

int run_command(const Command& command, const StringList& arguments, Flags flags, Config config) {
  if (flags.given("force-local") || config.folder().empty()) config.default_remote = "local";
  welcome(command, flags, config);
  Result<std::vector<Arg>> args = match_arguments(command, arguments, flags, config);
  if (!args) return complain(args.error());
  if (flags.on("explain")) return 0;
  if (!command.run) return complain(Error(Code::unsupported, std::format("The command {} is not built yet", quote(command.path))));
  Call call(command, std::move(flags), std::move(config));
  call.args = std::move(*args);
  Result<> result = command.run(call);
  if (!result) {
    int code = complain(result.error());
    return call.exit_code ? call.exit_code : code;
  }
  return call.exit_code;
}

/// Runs the program an alias names, with our environment marked so that aliases are not expanded again.
int run_program(const StringList& words) {
  setenv("INCUS_ALIASES", "1", 1);
  std::vector<char*> pointers;
  for (const std::string& word : words) pointers.push_back(const_cast<char*>(word.c_str()));
  pointers.push_back(nullptr);
  execv(pointers[0], pointers.data());
  return complain(Error(Code::internal, std::format("Processing aliases failed: {}", strerror(errno))));
}

int dispatch(const StringList& arguments, Config* config) {
  Found found = find_command(arguments);
  Flags flags;
  flags.declare(found.command->flags);
  flags.declare(global_flags());
  Result<StringList> rest = parse_flags(found.rest, found.command->options & kStopAtArgument, flags);
  if (!rest) return complain(rest.error());
  if (auto code = run_without_function(found, *rest, flags)) return *code;
  return run_command(*found.command, *rest, std::move(flags), std::move(*config));
}

int run(const Args& arguments) {
  if (arguments.size() == 1 && arguments[0] == "--version") {
    std::println("{}", kVersion);
    return 0;
  }
  if (!arguments.empty() && (arguments[0] == "__complete" || arguments[0] == "__completeNoDesc")) return run_completion(arguments);
  Result<Config> config = Config::load();
  if (!config) return complain(std::move(config.error()).wrap("Failed to load configuration"));
  StringList words = arguments;
  if (!getenv("INCUS_ALIASES")) {
    auto expanded = expand_alias(*config, arguments, first_word(arguments));
    if (!expanded) return complain(expanded.error());
    if (*expanded) {
      if (!(*expanded)->empty() && (*expanded)->front().starts_with('/')) return run_program(**expanded);
      words = std::move(**expanded);
    }
  }
  return dispatch(words, &*config);
}

}  // namespace

}  // namespace cli

extern const Applet incus_applet = {"incus", kPlain, "the command line client", cli::run};
