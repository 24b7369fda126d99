// A role of the multicall binary: one row in applets.def, one Applet constant in the role's own file.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

using Args = std::vector<std::string>;  ///< without argv[0] and without the role's name

enum AppletFlags : unsigned {
  kPlain = 0,
  kHidden = 1,  ///< not in --list: a helper that other roles start
  kEarly = 2,   ///< runs before any thread or library initialisation: it may call setns(2) and unshare(2)
};

struct Applet {
  std::string_view name;     ///< argv[0] or first argument
  unsigned flags;
  std::string_view summary;  ///< one line for --list
  int (*run)(const Args& args);
};

/// All roles, sorted by name.
std::span<const Applet* const> applets();
const Applet* find_applet(std::string_view name);
