// MAC addresses that the daemon makes up: after a pattern whose `x` digits are random, or derived from a seed.
#pragma once
#include <string>
#include <string_view>

namespace network {

struct Environment;

inline constexpr std::string_view kDefaultHwaddrPattern = "10:66:6a:xx:xx:xx";

/// The pattern in force: the project's `network.hwaddr_pattern`, else the server's, else the default.
std::string hwaddr_pattern(const Environment& env, const std::string& project);
std::string fill_hwaddr(std::string_view pattern);
/// The same address for the same seed.
std::string stable_hwaddr(std::string_view pattern, std::string_view seed);

}  // namespace network
