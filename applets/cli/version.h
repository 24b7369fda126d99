// The release of the API's client that this one equals.
#pragma once
#include <string_view>

namespace cli {
inline constexpr std::string_view kVersion = "7.0.2";
}
