// The version of the API that this program speaks: clients compare it, so it is the one whose behaviour is followed.
#pragma once
#include <string_view>

inline constexpr std::string_view kCompatibleVersion = "7.0.2";
