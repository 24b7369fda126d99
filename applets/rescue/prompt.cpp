// Where a machine has no shell: a prompt whose lines are commands of the client.
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <print>

#include "applets/applet.h"
#include "applets/rescue/session.h"
#include "oci/runtime.h"

namespace rescue {

namespace {

constexpr const char* kHelp =
    "Every line is a command of the client, with or without \"incus\" before it:\n"
    "  launch IMAGE c1        start a container          image list    the images there are\n"
    "  exec c1 -- sh          a shell in it              list          the containers\n"
    "  config device add c1 host disk source=/ path=/mnt shift=true    show it this machine's files\n"
    "\"exit\" ends the session and everything in it.";

/// A line without its end; nothing at the end of input or when a signal came.
bool read_line(std::string& line) {
  line.clear();
  char c;
  while (read(STDIN_FILENO, &c, 1) == 1) {
    if (c == '\n') return true;
    line += c;
  }
  return !line.empty();
}

Result<int> run_line(const Session& session, const std::string& line) {
  StringList words = TRY(oci::split_command(line));
  if (words.empty()) return 0;
  std::string role = "incus";
  if (const Applet* applet = find_applet(words[0]); applet && !(applet->flags & kHidden)) {
    role = words[0];
    words.erase(words.begin());
  }
  return run_role(session, role, words, isatty(STDIN_FILENO));  // other lines are not a command's input
}

}  // namespace

int run_prompt(const Session& session) {
  bool asks = isatty(STDIN_FILENO);
  if (asks) std::println("This machine has no shell. {}", kHelp);
  int code = 0;
  for (std::string line;;) {
    if (asks) std::print("incus> ");
    std::fflush(stdout);
    if (!read_line(line)) return code;
    std::string_view text = trim(line);
    if (text == "exit" || text == "quit") return code;
    if (text == "help") {
      std::println("{}", kHelp);
      continue;
    }
    if (text.starts_with('#')) continue;
    auto done = run_line(session, line);
    if (!done) std::println(stderr, "Error: {}", done.error().message());
    code = done ? *done : 1;
  }
}

}  // namespace rescue
