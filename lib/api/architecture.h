// CPU architectures: numbers stored in databases, kernel names, the other spellings images use, and which can run which.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace api {

inline constexpr int kUnknownArchitecture = 0;

/// "x86_64" or an alias ("amd64") -> 2. Errors: invalid: "Architecture isn't supported: x".
Result<int> architecture_id(std::string_view name);
/// "unknown" for a number that is none.
std::string_view architecture_name(int id);
/// Other architectures a CPU of this one can run ("i686" on "x86_64").
std::vector<int> architecture_personalities(int id);
/// "linux32" or "linux64".
std::string_view architecture_personality(int id);
/// Of the running kernel; kUnknownArchitecture if it is none of ours.
int local_architecture();
/// The local one first, then its personalities.
std::vector<std::string> local_architecture_names();

}  // namespace api
