// os-release(5).
#pragma once
#include <string>
#include <string_view>

namespace sys {

/// One value of /etc/os-release, without quotes; empty if missing.
std::string os_release(std::string_view key);

}  // namespace sys
