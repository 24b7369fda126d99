// "..." % value and "...".format(): neither knows widths and precisions, as the specification has it.
#include <format>

#include "base/strings.h"
#include "starlark/machine.h"
#include "starlark/methods.h"
#include "starlark/text.h"

namespace starlark {
namespace {

/// %d, %i, %o, %x, %X
Result<std::string> show_integer(char kind, Value value) {
  if (value.is(Type::kFloat)) {
    auto whole = float_to_int(value.real);
    if (!whole) return fail(Code::invalid, "%{} format requires integer: {}", kind, whole.error().message());
    value = *whole;
  }
  if (!value.is(Type::kInt)) return fail(Code::invalid, "%{} format requires integer: cannot convert {} to int", kind, type_name(value));
  switch (kind) {
    case 'o': return std::format("{:o}", value.integer);
    case 'x': return std::format("{:x}", value.integer);
    case 'X': return std::format("{:X}", value.integer);
    default: return std::to_string(value.integer);
  }
}

Result<std::string> show_character(Value value) {
  std::string out;
  if (value.is(Type::kInt)) {
    if (value.integer < 0 || value.integer > 0x10ffff) return fail(Code::invalid, "%c format requires a valid Unicode code point, got {}", value.integer);
    append_code_point(out, static_cast<uint32_t>(value.integer));
    return out;
  }
  if (!value.is(Type::kString)) return fail(Code::invalid, "%c format requires int or single-character string, not {}", type_name(value));
  if (text_of(value).empty() || decode(text_of(value)).size != text_of(value).size()) return fail(Code::invalid, "%c format requires a single-character string");
  return text_of(value);
}

Result<std::string> show(char kind, Value value) {
  switch (kind) {
    case 's': return str(value);
    case 'r': return repr(value);
    case 'd': case 'i': case 'o': case 'x': case 'X': return show_integer(kind, value);
    case 'e': case 'f': case 'g': case 'E': case 'F': case 'G':
      if (!value.is_number()) return fail(Code::invalid, "%{} format requires float, not {}", kind, type_name(value));
      return float_text(value.is(Type::kFloat) ? value.real : static_cast<double>(value.integer), kind);
    case 'c': return show_character(value);
    case '%': return "%";
    default: return fail(Code::invalid, "unknown conversion %{}", kind);
  }
}

/// The value of {name}, {3} or {}; `automatic` and `manual` say which kinds of numbering were seen.
struct Fields {
  Call& call;
  bool automatic = false, manual = false;
  size_t next = 0;

  Result<Value> find(std::string_view name);
  Result<Value> by_name(std::string_view name) const;
};

Result<Value> Fields::find(std::string_view name) {
  bool digits = !name.empty() && name.find_first_not_of("0123456789") == std::string_view::npos;
  if (!name.empty() && !digits) return by_name(name);
  if (name.empty() ? manual : automatic)
    return call.fail("cannot switch from {}", name.empty() ? "manual field specification to automatic field numbering" : "automatic field numbering to manual field specification");
  (name.empty() ? automatic : manual) = true;
  uint64_t number = name.empty() ? next++ : parse_uint(name).value_or(UINT64_MAX);
  if (number >= call.args.size()) return call.fail("tuple index out of range");
  return call.args[number];
}

Result<Value> Fields::by_name(std::string_view name) const {
  for (const Named& argument : call.named)
    if (argument.name == name) return argument.value;
  if (name.contains('.')) return call.fail("attribute syntax x.y is not supported in replacement fields: {}", name);
  if (name.contains('[')) return call.fail("element syntax a[i] is not supported in replacement fields: {}", name);
  if (name.contains('{')) return call.fail("nested replacement fields not supported");
  return call.fail("keyword {} not found", name);
}

/// One field without its braces: name, name!conversion, name:specification.
Result<std::string> show_field(Fields& fields, std::string_view field) {
  std::string_view name = field.substr(0, field.find_first_of("!:")), rest = field.substr(name.size()), conversion = "s", specification;
  if (field.contains('!')) {
    name = field.substr(0, field.find('!'));
    rest = field.substr(name.size() + 1);
    conversion = rest.substr(0, rest.find(':'));
    rest.remove_prefix(conversion.size());
  }
  if (!rest.empty()) specification = rest.substr(1);
  Value value = TRY(fields.find(name));
  if (!specification.empty()) return fail(Code::invalid, "format spec features not supported in replacement fields: {}", specification);
  if (conversion == "s") return str(value);
  if (conversion == "r") return repr(value);
  return fields.call.fail("unknown conversion {}", quote(conversion));
}

}  // namespace

Result<std::string> interpolate(Machine& machine, std::string_view format, Value value) {
  std::string out;
  size_t used = 0, given = value.is(Type::kTuple) ? items_of(value).size() : 1;
  for (size_t at; (at = format.find('%')) != std::string_view::npos;) {
    out += format.substr(0, at);
    format.remove_prefix(at + 1);
    if (format.starts_with('%')) {
      out += '%';
      format.remove_prefix(1);
      continue;
    }
    Value item;
    if (format.starts_with('(')) {
      size_t end = format.find(')');
      if (end == std::string_view::npos) return fail(Code::invalid, "incomplete format key");
      if (!value.is(Type::kDict)) return fail(Code::invalid, "format requires a mapping");
      std::string key(format.substr(1, end - 1));
      Value* found = TRY(as<Table>(value).find(machine, machine.text(key)));
      if (!found) return fail(Code::invalid, "key not found: {}", key);
      item = *found;
      format.remove_prefix(end + 1);
    } else {
      if (used >= given) return fail(Code::invalid, "not enough arguments for format string");
      item = value.is(Type::kTuple) ? items_of(value)[used] : value;
    }
    if (format.empty()) return fail(Code::invalid, "incomplete format");
    std::string shown = TRY(show(format[0], item));
    TRY(machine.reserve(shown.size()));
    TRY(machine.spend(shown.size() / 16 + 1));
    out += shown;
    format.remove_prefix(1);
    used++;
  }
  if (used < given && !value.is(Type::kDict)) return fail(Code::invalid, "too many arguments for format string");
  return out + std::string(format);
}

Result<std::string> format_text(Call& call) {
  Fields fields{call};
  std::string out;
  std::string_view rest = text_of(call.self);
  while (!rest.empty()) {
    size_t at = std::min(rest.find_first_of("{}"), rest.size());
    out += rest.substr(0, at);
    rest.remove_prefix(at);
    if (rest.empty()) break;
    if (rest.starts_with("{{") || rest.starts_with("}}")) {
      out += rest[0];
      rest.remove_prefix(2);
      continue;
    }
    if (rest[0] == '}') return call.fail("single '}}' in format");
    size_t end = rest.find('}');
    if (end == std::string_view::npos) return call.fail("unmatched '{{' in format");
    std::string shown = TRY(show_field(fields, rest.substr(1, end - 1)));
    TRY(call.machine.reserve(shown.size()));
    TRY(call.machine.spend(shown.size() / 16 + 1));
    out += shown;
    rest.remove_prefix(end + 1);
  }
  return out;
}

}  // namespace starlark
