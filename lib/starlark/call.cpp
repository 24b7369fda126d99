// The arguments of functions that are written in C++.
#include <algorithm>

#include "starlark/machine.h"
#include "starlark/text.h"

namespace starlark {

Result<std::vector<Value>> Call::unpack(std::initializer_list<std::string_view> names) const {
  std::vector<Value> out(names.size());
  std::vector<std::string_view> plain;
  for (std::string_view name : names) plain.push_back(name.substr(0, name.find('?')));
  if (args.size() > names.size()) return fail("got {} arguments, want at most {}", args.size(), names.size());
  std::ranges::copy(args, out.begin());
  for (const Named& argument : named) {
    size_t i = static_cast<size_t>(std::ranges::find(plain, argument.name) - plain.begin());
    if (i == plain.size()) return fail("unexpected keyword argument {}{}", quote_literal(argument.name), hint(argument.name, plain));
    if (out[i]) return fail("got multiple values for keyword argument {}", quote_literal(argument.name));
    out[i] = argument.value;
  }
  for (size_t i = 0; i < names.size(); i++) {
    std::string_view name = names.begin()[i];
    if (name.ends_with("??") && out[i].is(Type::kNone)) out[i] = {};
    if (!out[i] && !name.ends_with('?')) return fail("missing argument for {}", name);
  }
  return out;
}

Failure Call::wanted(std::string_view want, Value value, size_t i, std::string_view name) const {
  bool by_name = std::ranges::find(named, name, &Named::name) != named.end();
  if (!name.empty()) return fail("for parameter {}: got {}, want {}", by_name ? quote_literal(name) : std::string(name), type_name(value), want);
  return fail("for parameter {}: got {}, want {}", i + 1, type_name(value), want);
}

Result<std::string_view> Call::text(Value value, size_t i, std::string_view name) const {
  if (!value.is(Type::kString)) return wanted("string", value, i, name);
  return text_of(value);
}

Result<int64_t> Call::number(Value value, size_t i, std::string_view name) const {
  if (!value.is(Type::kInt)) return wanted("int", value, i, name);
  return value.integer;
}

Result<bool> Call::boolean(Value value, size_t i, std::string_view name) const {
  if (!value.is(Type::kBool)) return wanted("bool", value, i, name);
  return value.truth;
}

Result<Value> Call::iterable(Value value, size_t i, std::string_view name) const {
  if (!Iterator::possible(value)) return wanted("iterable", value, i, name);
  return value;
}

}  // namespace starlark
