#include "applets/tools/tool.h"

#include <algorithm>
#include <print>

#include "applets/cli/help.h"
#include "base/version.h"

namespace tools {
namespace {

using cli::Flag;
using cli::FlagKind;

constexpr Flag kGlobal[] = {{"help|h", FlagKind::boolean, "Print help"}, {"version", FlagKind::boolean, "Print version number"}};

int complain(const Error& error) {
  std::fflush(stdout);
  std::println(stderr, "Error: {}", error.message());
  return 1;
}

const Verb* find_verb(const Tool& tool, std::string_view word) {
  auto found = std::ranges::find_if(tool.verbs, [&](const Verb& verb) { return verb.name == word || contains(split_list(verb.aliases), word); });
  return found == tool.verbs.end() ? nullptr : &*found;
}

void print_text(std::string_view text) {
  for (const std::string& line : split(text, '\n')) std::println("{}{}", line.empty() ? "" : "  ", line);
}

void print_tool_help(const Tool& tool) {
  std::println("Description:");
  print_text(tool.summary);
  std::println("");
  print_text(tool.about);
  std::println("\nUsage:\n  {} [command]\n\nAvailable Commands:", tool.name);
  for (const Verb& verb : tool.verbs) std::println("  {:<17} {}", verb.name, verb.summary);
  std::print("\nFlags:\n{}", cli::flag_lines(kGlobal));
  std::println("\nUse \"{} [command] --help\" for more information about a command.", tool.name);
}

void print_verb_help(const Tool& tool, const Verb& verb) {
  std::println("Description:");
  print_text(verb.summary);
  if (!verb.about.empty()) std::println("");
  if (!verb.about.empty()) print_text(verb.about);
  std::println("\nUsage:\n  {} {}{}{} [flags]", tool.name, verb.name, verb.usage.empty() ? "" : " ", verb.usage);
  if (!verb.aliases.empty()) std::println("\nAliases:\n  {}, {}", verb.name, join(split_list(verb.aliases), ", "));
  if (!verb.flags.empty()) std::print("\nFlags:\n{}", cli::flag_lines(verb.flags));
  std::print("\nGlobal Flags:\n{}", cli::flag_lines(kGlobal));
}

int run_verb(const Tool& tool, const Verb& verb, const StringList& words) {
  Call call;
  call.flags.declare(verb.flags);
  call.flags.declare(kGlobal);
  auto rest = cli::parse_flags(words, false, call.flags);
  if (!rest) return complain(rest.error());
  call.words = std::move(*rest);
  if (call.flags.on("help")) return print_verb_help(tool, verb), 0;
  if (call.words.size() < verb.least || call.words.size() > verb.most) {
    print_verb_help(tool, verb);
    return call.words.empty() ? 0 : complain(Error(Code::invalid, "Invalid number of arguments"));
  }
  auto done = verb.run(call);
  return done ? 0 : complain(done.error());
}

}  // namespace

int run_tool(const Tool& tool, const Args& args) {
  if (args.empty() || args[0] == "-h" || args[0] == "--help") return print_tool_help(tool), 0;
  if (args[0] == "--version") return std::println("{}", kCompatibleVersion), 0;
  if (const Verb* verb = find_verb(tool, args[0])) return run_verb(tool, *verb, StringList(args.begin() + 1, args.end()));
  return complain(Error(Code::invalid, std::format("unknown command {} for {}", quote(args[0]), quote(tool.name))));
}

}  // namespace tools
