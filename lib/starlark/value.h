// Values of a running program. They belong to the heap of one run, which frees them all at its end: programs are short and bounded, and may tie knots.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "starlark/tree.h"

namespace starlark {

class Machine;
struct Object;
struct Row;

enum class Type : uint8_t {
  kUnset,  ///< no value: a variable before its first assignment, an argument that was not given
  kNone, kBool, kInt, kFloat, kString, kBytes, kList, kTuple, kDict, kSet, kRange, kFunction, kBuiltin,
  kRecord,  ///< what the host passes in: attributes, nothing else
  kParts,   ///< what "x".elems() and the like give: the parts of a string, made as they are asked for
};

struct Value {
  Type type = Type::kUnset;
  union {
    bool truth;
    int64_t integer;
    double real;
    Object* object = nullptr;
  };

  explicit operator bool() const { return type != Type::kUnset; }
  bool is(Type other) const { return type == other; }
  bool is_object() const { return type >= Type::kString; }
  bool is_number() const { return type == Type::kInt || type == Type::kFloat; }
};
inline Value none() { return {.type = Type::kNone, .object = nullptr}; }
inline Value boolean(bool value) { return {.type = Type::kBool, .truth = value}; }
inline Value integer(int64_t value) { return {.type = Type::kInt, .integer = value}; }
inline Value real(double value) { return {.type = Type::kFloat, .real = value}; }

struct Object {
  bool frozen = false;
  uint32_t iterators = 0;  ///< loops that go over it now: it must not change meanwhile
  virtual ~Object() = default;
};
/// A string (UTF-8 by custom) or bytes.
struct Text : Object {
  explicit Text(std::string text) : text(std::move(text)) {}
  const std::string text;
};
/// A list or a tuple.
struct Sequence : Object {
  explicit Sequence(std::vector<Value> items) : items(std::move(items)) {}
  std::vector<Value> items;
};
struct Range : Object {
  Range(int64_t start, int64_t stop, int64_t step, int64_t length) : start(start), stop(stop), step(step), length(length) {}
  int64_t start, stop, step, length;
};
/// The variables of one call.
struct Frame : Object {
  Frame(const FunctionCode& code, Frame* outer) : code(code), outer(outer), slots(code.locals.size()) {}
  const FunctionCode& code;
  Frame* outer;
  std::vector<Value> slots;
  Value result;
};
struct Function : Object {
  Function(const FunctionCode& code, Frame* outer, std::vector<Value> defaults) : code(code), outer(outer), defaults(std::move(defaults)) {}
  const FunctionCode& code;
  Frame* outer;
  std::vector<Value> defaults;  ///< one per plain parameter; unset: must be given
};
struct Builtin : Object {
  Builtin(const Row& row, Value self) : row(row), self(self) {}
  const Row& row;
  Value self;  ///< of a method
};
struct Parts : Object {
  Parts(Value of, bool code_points, bool numbers) : of(of), code_points(code_points), numbers(numbers) {}
  Value of;
  bool code_points, numbers;
};

template <class T>
T& as(Value value) {
  return *static_cast<T*>(value.object);
}
inline const std::string& text_of(Value value) { return as<Text>(value).text; }
inline std::vector<Value>& items_of(Value value) { return as<Sequence>(value).items; }

/// As type() calls it.
std::string_view type_name(Value value);
bool truth(Value value);
/// Length of what has one, else -1.
int64_t length(Value value);
/// As repr() shows it; values that contain themselves end in "...".
std::string repr(Value value);
/// As str() does: strings as they are.
std::string str(Value value);
/// Digits as %g and the like show them; 'g' keeps every digit that counts.
std::string float_text(double value, char conversion = 'g');
/// Forbids changes to the value and all it leads to.
void freeze(Value value);

}  // namespace starlark
