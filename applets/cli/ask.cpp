// Terminal questions.
#include "applets/cli/ask.h"

#include <termios.h>
#include <unistd.h>

#include <cstdio>
#include <print>

namespace cli {

namespace {

Result<std::string> answer_to(std::string_view question, std::string_view fallback) {
  std::print("{}", question);
  std::fflush(stdout);
  std::string answer(trim(TRY(read_line())));
  return answer.empty() ? std::string(fallback) : answer;
}

void complain() { std::print(stderr, "Invalid input, try again.\n\n"); }

}  // namespace

Result<std::string> read_line() {
  std::string line;
  char c;
  for (;;) {  // byte by byte: what follows may be meant for a child process or a document
    ssize_t count = read(STDIN_FILENO, &c, 1);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {
      if (line.empty()) return fail(Code::internal, "EOF");
      return line;
    }
    if (c == '\n') return line;
    line += c;
  }
}

bool confirm(std::string_view question) { return to_lower(answer_to(question, "").value_or("")) == "yes"; }

Result<bool> ask_yes_no(std::string_view question, std::string_view fallback) {
  for (;;) {
    std::string answer = to_lower(TRY(answer_to(question, fallback)));
    if (answer == "yes" || answer == "y") return true;
    if (answer == "no" || answer == "n") return false;
    complain();
  }
}

Result<std::string> ask_choice(std::string_view question, const StringList& choices, std::string_view fallback) {
  for (;;) {
    std::string answer = TRY(answer_to(question, fallback));
    if (contains(choices, answer)) return answer;
    complain();
  }
}

Result<std::string> ask_text(std::string_view question, std::string_view fallback, const std::function<Result<>(const std::string&)>& check) {
  for (;;) {
    std::string answer = TRY(answer_to(question, fallback));
    if (!check) {
      if (!answer.empty()) return answer;
      complain();
      continue;
    }
    Result<> fine = check(answer);
    if (fine) return answer;
    std::print(stderr, "Invalid input: {}\n\n", fine.error().message());
  }
}

Result<int64_t> ask_number(std::string_view question, int64_t minimum, int64_t maximum, std::string_view fallback, const std::function<Result<>(int64_t)>& check) {
  for (;;) {
    std::string answer = TRY(answer_to(question, fallback));
    auto number = parse_int(answer);
    std::string problem;
    if (!number) problem = std::format("{} is not a number", quote(answer));
    else if ((minimum > -1 && *number < minimum) || (maximum > -1 && *number > maximum)) problem = "out of range";
    else if (check) {
      if (Result<> fine = check(*number); !fine) problem = fine.error().message();
    }
    if (problem.empty()) return *number;
    std::print(stderr, "Invalid input: {}\n\n", problem);
  }
}

Result<std::string> ask_secret(std::string_view question) {
  termios before;
  bool terminal = tcgetattr(STDIN_FILENO, &before) == 0;
  if (terminal) {
    termios silent = before;
    silent.c_lflag &= ~ECHO;
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
  }
  auto answer = answer_to(question, "");
  if (terminal) tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
  std::println("");
  return answer;
}

}  // namespace cli
