// Command-line flags in GNU style, anywhere among the arguments: --x, --x=y, --x y, -abc, -fy, and `--`.
#pragma once
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "applets/cli/command.h"
#include "base/strings.h"

namespace cli {

/// The long part and the letter of "long|s".
std::string_view long_name(const Flag& flag);
char short_name(const Flag& flag);

/// The flags given in one call. Asking for a name that the command does not declare aborts: that is a bug in the table.
class Flags {
 public:
  bool on(std::string_view name) const;
  std::string text(std::string_view name) const;  ///< the value or the default
  int64_t number(std::string_view name) const;
  StringList list(std::string_view name) const;
  bool given(std::string_view name) const;  ///< was it on the command line?
  bool known(std::string_view name) const;

  /// Declares more flags (a command's own, then the global ones).
  void declare(std::span<const Flag> flags);
  const Flag* find(std::string_view name) const;
  const Flag* find(char letter) const;
  /// Sets a value as the command line would. Errors: invalid, with the text users of the API's client know.
  Result<> set(const Flag& flag, std::string_view value);

 private:
  std::vector<const Flag*> flags_;
  std::map<std::string_view, StringList> values_;
};

/// Takes the flags out of `words`; what remains, in order, is returned. `stop_at_argument`: everything from the first argument on is kept as it is.
Result<StringList> parse_flags(const StringList& words, bool stop_at_argument, Flags& flags);

}  // namespace cli
