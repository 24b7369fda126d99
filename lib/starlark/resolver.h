// Binds every name of a tree to the variable it stands for, and refuses what the grammar allows but the language does not.
#pragma once
#include <functional>

#include "base/result.h"
#include "starlark/tree.h"

namespace starlark {

/// `predeclared` and `universal` say the number of a name there, or -1. Errors: invalid, "NAME:LINE:COLUMN: message".
Result<> resolve(Tree& tree, const std::function<int(std::string_view)>& predeclared, const std::function<int(std::string_view)>& universal);

}  // namespace starlark
