// The argument grammar: a usage line such as "[<remote>:]<pool> [<type>/]<volume> <key>=<value>..." is compiled and matched against the arguments.
#pragma once
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "applets/cli/command.h"
#include "applets/cli/flags.h"
#include "base/result.h"
#include "base/strings.h"

namespace cli {

/// What one element of the grammar matched.
struct Arg {
  bool skipped = false;     ///< an optional element that was not given
  std::string reason;       ///< why it was skipped, if an argument was there but did not fit
  std::string text;         ///< the argument, or several joined with spaces
  std::string remote;       ///< elements starting with [<remote>:]: that remote's name, the default one if none was given
  std::vector<Arg> parts;   ///< a/b paths, k=v pairs and lists: the pieces; [<remote>:]x: x alone (empty for a bare [<remote>:])
  int branch = 0;           ///< (a|b|c): which one matched

  std::string get(std::string_view fallback = "") const { return skipped ? std::string(fallback) : text; }
  /// x of [<remote>:]x; itself where there is no remote.
  const Arg& object() const;
  /// The texts of the parts.
  StringList texts() const;
};

/// How a name before a colon becomes a remote. Errors: not_found.
class RemoteNames {
 public:
  virtual ~RemoteNames() = default;
  /// "remote:rest" -> {remote, rest}; without a remote, the default one.
  virtual Result<std::pair<std::string, std::string>> split(std::string_view text) const = 0;
};

struct Atom;

/// A compiled usage line.
class Usage {
 public:
  /// The line is a constant of the program; a broken one aborts.
  explicit Usage(std::string_view line, unsigned command_options);
  ~Usage();
  Usage(Usage&&) noexcept;

  /// One Arg per space-separated element. Errors: invalid (what was expected or is too much), not_found (remote).
  /// `matched` gets the elements matched before an error, for the drawing.
  Result<std::vector<Arg>> match(const StringList& arguments, const Flags& flags, const RemoteNames& remotes, std::vector<Arg>& matched) const;
  /// The source texts of the elements.
  StringList elements() const;
  bool right_to_left(size_t arguments) const { return options_ & kRightToLeft || (options_ & kSingleFromRight && arguments == 1); }

 private:
  std::vector<Atom> atoms_;
  unsigned options_;
};

/// Draws under the usage line which argument was taken for which element.
std::string draw_match(const Usage& usage, std::string_view command_line, const std::vector<Arg>& matched, size_t arguments);

}  // namespace cli
