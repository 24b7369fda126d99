#include "starlark/value.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <format>

#include "starlark/machine.h"
#include "starlark/table.h"
#include "starlark/text.h"

namespace starlark {
namespace {

constexpr size_t kMaxShownDepth = 100;
constexpr size_t kMaxShown = size_t{4} << 20;  ///< a few lists in each other can stand for more text than there is memory

/// Writes values; `path` is what the value at hand is in.
class Writer {
 public:
  void write(Value value);
  std::string out;

 private:
  void items(const std::vector<Value>& list, std::string_view before, std::string_view behind);
  void table(const Table& table, std::string_view before, std::string_view behind, bool values);
  bool inside(Value value) const { return path_.size() > kMaxShownDepth || std::ranges::find(path_, value.object) != path_.end(); }
  void scalar(Value value);
  void range(const Range& range);

  std::vector<const Object*> path_;
};

void Writer::items(const std::vector<Value>& list, std::string_view before, std::string_view behind) {
  out += before;
  for (size_t i = 0; i < list.size(); i++) {
    if (i > 0) out += ", ";
    write(list[i]);
  }
  out += behind;
}

void Writer::table(const Table& table, std::string_view before, std::string_view behind, bool values) {
  out += before;
  size_t at = 0;
  for (std::string_view separator; const Table::Entry* entry = table.next(at); separator = ", ") {
    out += separator;
    write(entry->key);
    if (!values) continue;
    out += ": ";
    write(entry->value);
  }
  out += behind;
}

void Writer::range(const Range& range) {
  if (range.step != 1) out += std::format("range({}, {}, {})", range.start, range.stop, range.step);
  else if (range.start != 0) out += std::format("range({}, {})", range.start, range.stop);
  else out += std::format("range({})", range.stop);
}

void Writer::scalar(Value value) {
  switch (value.type) {
    case Type::kNone: out += "None"; break;
    case Type::kBool: out += value.truth ? "True" : "False"; break;
    case Type::kInt: out += std::to_string(value.integer); break;
    case Type::kFloat: out += float_text(value.real); break;
    case Type::kString:
    case Type::kBytes: out += quote_literal(text_of(value), value.is(Type::kBytes)); break;
    case Type::kFunction: out += std::format("<function {}>", as<Function>(value).code.name); break;
    case Type::kBuiltin: {
      const Builtin& builtin = as<Builtin>(value);
      out += builtin.self ? std::format("<built-in method {} of {} value>", builtin.row.name, type_name(builtin.self)) : std::format("<built-in function {}>", builtin.row.name);
      break;
    }
    case Type::kRange: range(as<Range>(value)); break;
    case Type::kParts: {
      const Parts& parts = as<Parts>(value);
      scalar(parts.of);
      out += parts.of.is(Type::kBytes) ? ".elems()" : std::format(".{}{}()", parts.code_points ? "codepoint" : "elem", parts.numbers ? "_ords" : "s");
      break;
    }
    default: break;
  }
}

void Writer::write(Value value) {
  if (out.size() > kMaxShown) return;
  if (value.type < Type::kList || value.type > Type::kSet) {
    if (!value.is(Type::kRecord)) return scalar(value);
  }
  bool known = inside(value);
  path_.push_back(value.object);
  static const std::vector<Value> nothing;
  if (value.is(Type::kList)) items(known ? nothing : items_of(value), known ? "[..." : "[", "]");
  else if (value.is(Type::kTuple)) items(known ? nothing : items_of(value), known ? "(..." : "(", !known && items_of(value).size() == 1 ? ",)" : ")");
  else if (known) out += value.is(Type::kSet) ? "set([...])" : "{...}";
  else table(as<Table>(value), value.is(Type::kSet) ? "set([" : "{", value.is(Type::kSet) ? "])" : "}", !value.is(Type::kSet));
  path_.pop_back();
}

/// What `value` leads to goes to `more` and `frames`.
void freeze_one(Value value, std::vector<Value>& more, std::vector<Frame*>& frames) {
  if (!value.is_object() || value.object->frozen) return;
  // Strings may be a program's constants, which several threads read: nothing is written to them.
  if (value.is(Type::kString) || value.is(Type::kBytes) || value.is(Type::kRange) || value.is(Type::kParts)) return;
  value.object->frozen = true;
  if (value.is(Type::kList) || value.is(Type::kTuple)) {
    more.insert(more.end(), items_of(value).begin(), items_of(value).end());
  } else if (value.is(Type::kDict) || value.is(Type::kSet) || value.is(Type::kRecord)) {
    size_t at = 0;
    while (const Table::Entry* entry = as<Table>(value).next(at)) more.insert(more.end(), {entry->key, entry->value});
  } else if (value.is(Type::kBuiltin)) {
    more.push_back(as<Builtin>(value).self);
  } else {
    const Function& function = as<Function>(value);
    more.insert(more.end(), function.defaults.begin(), function.defaults.end());
    if (function.outer) frames.push_back(function.outer);
  }
}

}  // namespace

std::string_view type_name(Value value) {
  constexpr std::string_view kNames[] = {"unset", "NoneType", "bool", "int",   "float",    "string", "bytes", "list",
                                         "tuple", "dict",     "set",  "range", "function", "builtin_function_or_method"};
  if (value.is(Type::kRecord)) return as<Record>(value).name;
  if (!value.is(Type::kParts)) return kNames[static_cast<size_t>(value.type)];
  const Parts& parts = as<Parts>(value);
  return parts.of.is(Type::kBytes) ? "bytes.elems" : parts.code_points ? "string.codepoints" : "string.elems";
}

bool truth(Value value) {
  switch (value.type) {
    case Type::kNone: return false;
    case Type::kBool: return value.truth;
    case Type::kInt: return value.integer != 0;
    case Type::kFloat: return value.real != 0;
    case Type::kRecord: return true;
    default: return length(value) != 0;
  }
}

int64_t length(Value value) {
  switch (value.type) {
    case Type::kString:
    case Type::kBytes: return static_cast<int64_t>(text_of(value).size());
    case Type::kList:
    case Type::kTuple: return static_cast<int64_t>(items_of(value).size());
    case Type::kDict:
    case Type::kSet: return static_cast<int64_t>(as<Table>(value).size());
    case Type::kRange: return as<Range>(value).length;
    case Type::kParts: return as<Parts>(value).code_points ? -1 : length(as<Parts>(value).of);
    default: return -1;
  }
}

std::string repr(Value value) {
  Writer writer;
  writer.write(value);
  return std::move(writer.out);
}

std::string str(Value value) { return value.is(Type::kString) ? text_of(value) : repr(value); }

std::string float_text(double value, char conversion) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "+inf" : "-inf";
  char buffer[512];
  bool upper = conversion < 'a';
  char kind = static_cast<char>(conversion | 0x20);
  // The shortest text that reads back as the same number, with an exponent from 1e6 on and below 1e-4.
  double size = std::abs(value);
  bool exponent = kind == 'e' || (kind == 'g' && size != 0 && (size < 1e-4 || size >= 1e6));
  auto format = exponent ? std::chars_format::scientific : std::chars_format::fixed;
  auto end = kind == 'g' ? std::to_chars(buffer, buffer + sizeof buffer, value, format) : std::to_chars(buffer, buffer + sizeof buffer, value, format, 6);
  std::string out(buffer, end.ptr);
  if (kind == 'g' && out.find_first_of(".e") == std::string::npos) out += ".0";
  if (upper) std::ranges::replace(out, 'e', 'E');
  return out;
}

void freeze(Value value) {
  std::vector<Value> more = {value};
  std::vector<Frame*> frames;
  while (!more.empty() || !frames.empty()) {
    if (!more.empty()) {
      Value next = more.back();
      more.pop_back();
      freeze_one(next, more, frames);
      continue;
    }
    Frame* frame = frames.back();
    frames.pop_back();
    if (frame->frozen) continue;
    frame->frozen = true;
    more.insert(more.end(), frame->slots.begin(), frame->slots.end());
    if (frame->outer) frames.push_back(frame->outer);
  }
}

}  // namespace starlark
