#include "sys/signal_name.h"

#include <signal.h>

#include "base/strings.h"

namespace sys {

int signal_number(const std::string& text) {
  struct Name { std::string_view name; int number; };
  static constexpr Name kNames[] = {{"INT", SIGINT},   {"TERM", SIGTERM}, {"QUIT", SIGQUIT}, {"HUP", SIGHUP},     {"PWR", SIGPWR},
                                    {"USR1", SIGUSR1}, {"USR2", SIGUSR2}, {"KILL", SIGKILL}, {"WINCH", SIGWINCH}, {"ABRT", SIGABRT}};
  std::string_view word = text;
  if (word.starts_with("SIG")) word.remove_prefix(3);
  for (const Name& row : kNames) {
    if (row.name == word) return row.number;
  }
  int64_t number = 0;
  if (word == "RTMIN") number = SIGRTMIN;
  else if (word.starts_with("RTMIN+")) number = SIGRTMIN + parse_int(word.substr(6)).value_or(SIGRTMAX);
  else if (word == text) number = parse_int(word).value_or(0);
  return number > 0 && number <= SIGRTMAX ? static_cast<int>(number) : 0;
}

}  // namespace sys
