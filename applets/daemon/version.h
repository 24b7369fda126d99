// The version this program is compatible with, as the daemon calls it.
#pragma once
#include "base/version.h"

namespace incusd {
inline constexpr std::string_view kVersion = kCompatibleVersion;
}
