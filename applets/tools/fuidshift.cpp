// fuidshift: rewrites the owners of a tree from one set of id ranges to another.
#include <unistd.h>

#include <print>

#include "applets/applet.h"
#include "base/strings.h"
#include "base/version.h"
#include "sys/owner_shift.h"

namespace {

constexpr const char* kHelp =
    "Usage:\n"
    "  fuidshift <directory> <range> [<range>...] [flags]\n"
    "\n"
    "Gives the files of a tree other owners: ids inside a container become the host ids that stand for them.\n"
    "A range is u:INSIDE:HOST:COUNT for users, g:… for groups, b:… for both.\n"
    "\n"
    "Examples:\n"
    "  fuidshift my-dir/ b:0:100000:65536 u:10000:1000:1\n"
    "\n"
    "Flags:\n"
    "  -h, --help      Print help\n"
    "  -r, --reverse   The other way: from host ids to ids inside\n"
    "  -t, --test      Only say what would be done\n"
    "      --version   Print version number\n";

int complain(const std::string& message) {
  std::println(stderr, "Error: {}", message);
  return 1;
}

struct Options {
  bool reverse = false, test = false, help = false, version = false;
  StringList words;
};

Result<Options> parse(const Args& args) {
  Options options;
  for (const std::string& arg : args) {
    if (arg == "--reverse") options.reverse = true;
    else if (arg == "--test") options.test = true;
    else if (arg == "--help") options.help = true;
    else if (arg == "--version") options.version = true;
    else if (arg.starts_with("--")) return fail(Code::invalid, "unknown flag: {}", arg);
    else if (arg.size() > 1 && arg[0] == '-') {
      for (char letter : arg.substr(1)) {
        if (letter == 'r') options.reverse = true;
        else if (letter == 't') options.test = true;
        else if (letter == 'h') options.help = true;
        else return fail(Code::invalid, "unknown shorthand flag: '{}' in {}", letter, arg);
      }
    } else {
      options.words.push_back(arg);
    }
  }
  return options;
}

int run_fuidshift(const Args& args) {
  auto options = parse(args);
  if (!options) return complain(options.error().message());
  if (options->version) {
    std::println("{}", kCompatibleVersion);
    return 0;
  }
  if (options->help || options->words.empty()) {
    std::print("{}", kHelp);
    return 0;
  }
  if (!options->test && geteuid() != 0) return complain("This tool must be run as root");
  if (options->words.size() < 2) {
    std::print("{}", kHelp);
    return complain("Missing required arguments");
  }
  sys::IdMap map, none;
  for (size_t i = 1; i < options->words.size(); ++i) {
    auto added = map.append(options->words[i]);
    if (!added) return complain(added.error().message());
  }
  const sys::IdMap& from = options->reverse ? map : none;
  const sys::IdMap& to = options->reverse ? none : map;
  auto say = [](const std::string& path, sys::IdPair ids) { std::println("I would shift {} to {} {}", quote(path), ids.uid, ids.gid); };
  auto done = options->test ? sys::preview_shift(options->words[0], from, to, say) : sys::shift_owners(Context(), options->words[0], from, to);
  return done ? 0 : complain(done.error().message());
}

}  // namespace

extern const Applet fuidshift_applet;
const Applet fuidshift_applet = {.name = "fuidshift", .flags = kPlain, .summary = "Shift the owners of a file tree", .run = run_fuidshift};
