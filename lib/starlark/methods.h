// What the files with built-in functions share.
#pragma once
#include "starlark/machine.h"

namespace starlark {

std::span<const Row> string_methods();
std::span<const Row> bytes_methods();

/// dict() and dict.update(): enters the pairs of the first argument, if there is one, and all named arguments into `dict`.
Result<> update_dict(Call& call, Value dict);
/// "...".format(): fields by position, number or name. Errors: invalid.
Result<std::string> format_text(Call& call);
/// A float without what is behind its point. Errors: invalid: no number, or beyond 64 bits.
Result<Value> float_to_int(double value);

}  // namespace starlark
