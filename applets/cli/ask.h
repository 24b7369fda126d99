// Questions on the terminal. Answers are read a line at a time, so that several questions can be answered by a pipe.
#pragma once
#include <functional>
#include <string>

#include "base/result.h"
#include "base/strings.h"

namespace cli {

/// One line of standard input without its newline. Errors: internal ("EOF").
Result<std::string> read_line();
/// Asks once whether something shall be lost: anything but "yes" means no, as does the end of the input.
bool confirm(std::string_view question);
/// Asks until the answer is yes or no. `fallback`: taken for an empty answer ("yes", "no", or "" for none).
Result<bool> ask_yes_no(std::string_view question, std::string_view fallback = "");
/// Asks until the answer is one of `choices`.
Result<std::string> ask_choice(std::string_view question, const StringList& choices, std::string_view fallback);
/// Asks until `check` is content (without one: until the answer isn't empty).
Result<std::string> ask_text(std::string_view question, std::string_view fallback, const std::function<Result<>(const std::string&)>& check = nullptr);
/// A number in [minimum, maximum] (-1: no bound).
Result<int64_t> ask_number(std::string_view question, int64_t minimum, int64_t maximum, std::string_view fallback, const std::function<Result<>(int64_t)>& check = nullptr);
/// Without echo.
Result<std::string> ask_secret(std::string_view question);

}  // namespace cli
