// Word completion for shells: the `__complete` protocol and the scripts that speak it.
#pragma once
#include <string_view>

#include "base/strings.h"

namespace cli {
/// `__complete WORD… LAST`: one candidate a line with its summary, then ":4" (no file names).
int run_completion(const StringList& arguments);
}
