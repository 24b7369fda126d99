// What operators do.
#include <cmath>
#include <limits>

#include "starlark/machine.h"

namespace starlark {
namespace {

constexpr int64_t kExcessive = 1 << 30;

Failure unknown(Token op, Value a, Value b) {
  return fail(Code::invalid, "unknown binary op: {} {} {}", type_name(a), token_name(op), type_name(b));
}
Failure overflow() { return fail(Code::invalid, "int result does not fit in 64 bits"); }

double as_real(Value value) { return value.is(Type::kFloat) ? value.real : static_cast<double>(value.integer); }

bool holds(Token op, int order) {
  switch (op) {
    case Token::kEqual: return order == 0;
    case Token::kNotEqual: return order != 0;
    case Token::kLess: return order < 0;
    case Token::kLessEq: return order <= 0;
    case Token::kGreater: return order > 0;
    default: return order >= 0;
  }
}

template <class T>
int order(const T& a, const T& b) {
  return a < b ? -1 : b < a ? 1 : 0;
}

/// NaN is larger than all other floats, as the specification orders them.
int order_numbers(Value a, Value b) {
  if (a.is(Type::kInt) && b.is(Type::kInt)) return order(a.integer, b.integer);
  double x = as_real(a), y = as_real(b);
  if (std::isnan(x) || std::isnan(y)) return order(std::isnan(x), std::isnan(y));
  if (x == y && a.type != b.type && std::abs(x) >= 9007199254740992.0) {  // where a float cannot tell neighbours apart
    if (x >= 9223372036854775808.0) return a.is(Type::kFloat) ? 1 : -1;
    int64_t i = a.is(Type::kInt) ? a.integer : static_cast<int64_t>(x), j = b.is(Type::kInt) ? b.integer : static_cast<int64_t>(y);
    return order(i, j);
  }
  return order(x, y);
}

/// The same numbers, however they were given.
bool equal_ranges(const Range& a, const Range& b) {
  if (a.length != b.length || a.length == 0) return a.length == b.length;
  return a.start == b.start && (a.length == 1 || a.step == b.step);
}

bool is_comparison(Token op) {
  return op == Token::kEqual || op == Token::kNotEqual || op == Token::kLess || op == Token::kLessEq || op == Token::kGreater || op == Token::kGreaterEq;
}

}  // namespace

Result<bool> Machine::equal(Value a, Value b, int depth) { return compare(Token::kEqual, a, b, depth); }

Result<bool> Machine::compare(Token op, Value a, Value b, int depth) {
  TRY(spend());
  bool same = op == Token::kEqual, other = op == Token::kNotEqual;
  if (depth < 1) return fail(Code::invalid, "comparison exceeded maximum recursion depth");
  if (a.is_number() && b.is_number()) return holds(op, order_numbers(a, b));
  if (a.type != b.type && (same || other)) return other;
  auto impossible = [&] { return fail(Code::invalid, "{} {} {} not implemented", type_name(a), token_name(op), type_name(b)); };
  if (a.type != b.type) return impossible();
  switch (a.type) {
    case Type::kBool: return holds(op, order(a.truth, b.truth));
    case Type::kString:
    case Type::kBytes:
      TRY(spend(std::min(text_of(a).size(), text_of(b).size()) / 64));
      return holds(op, order(text_of(a), text_of(b)));
    case Type::kList:
    case Type::kTuple: return compare_items(op, a, b, depth);
    case Type::kSet:
    case Type::kDict:
      if (a.is(Type::kDict) && !same && !other) return impossible();
      return compare_tables(op, a, b, depth);
    case Type::kNone: return same || other ? Result<bool>(same) : impossible();
    default:
      if (!same && !other) return impossible();
      return (a.is(Type::kRange) ? equal_ranges(as<Range>(a), as<Range>(b)) : a.object == b.object) == same;
  }
}

/// The first unequal items decide, else the lengths.
Result<bool> Machine::compare_items(Token op, Value a, Value b, int depth) {
  bool exact = op == Token::kEqual || op == Token::kNotEqual;
  if (exact && length(a) != length(b)) return op == Token::kNotEqual;
  for (size_t i = 0; i < items_of(a).size() && i < items_of(b).size(); i++) {
    if (TRY(equal(items_of(a)[i], items_of(b)[i], depth - 1))) continue;
    if (exact) return op == Token::kNotEqual;
    return compare(op, items_of(a)[i], items_of(b)[i], depth - 1);
  }
  return holds(op, order(length(a), length(b)));
}

/// Dicts: the same keys with equal values. Sets: also subset (<=) and superset (>=).
Result<bool> Machine::compare_tables(Token op, Value a, Value b, int depth) {
  if (op == Token::kNotEqual) return !TRY(compare(Token::kEqual, a, b, depth));
  if (op == Token::kGreater || op == Token::kGreaterEq) return compare_tables(op == Token::kGreater ? Token::kLess : Token::kLessEq, b, a, depth);
  int64_t more = length(b) - length(a);
  if (op == Token::kEqual ? more != 0 : op == Token::kLess ? more <= 0 : more < 0) return false;
  size_t at = 0;
  while (const Table::Entry* entry = as<Table>(a).next(at)) {
    Value* found = TRY(as<Table>(b).find(*this, entry->key));
    if (!found) return false;
    if (a.is(Type::kDict) && !TRY(equal(entry->value, *found, depth - 1))) return false;
  }
  return true;
}

Result<Value> Machine::binary(Token op, Value a, Value b) {
  if (is_comparison(op)) return boolean(TRY(compare(op, a, b)));
  switch (op) {
    case Token::kPlus: return add(a, b);
    case Token::kStar: return multiply(a, b);
    case Token::kPercent:
      if (a.is(Type::kString)) return text(TRY(interpolate(*this, text_of(a), b)));
      return arithmetic(op, a, b);
    case Token::kMinus:
      if (a.is(Type::kSet) && b.is(Type::kSet)) return set_operation(op, a, b);
      return arithmetic(op, a, b);
    case Token::kSlash:
    case Token::kSlashSlash: return arithmetic(op, a, b);
    case Token::kIn: return boolean(TRY(contains(b, a)));
    case Token::kNotIn: return boolean(!TRY(contains(b, a)));
    default: return bitwise(op, a, b);
  }
}

Result<Value> Machine::add(Value a, Value b) {
  if (a.type == b.type && (a.is(Type::kString) || a.is(Type::kBytes) || a.is(Type::kList) || a.is(Type::kTuple))) {
    size_t size = static_cast<size_t>(length(a) + length(b));
    TRY(spend(size / 64));
    if (a.is(Type::kString) || a.is(Type::kBytes)) return object<Text>(a.type, text_of(a) + text_of(b));
    std::vector<Value> items;
    items.reserve(size);
    items = items_of(a);
    items.insert(items.end(), items_of(b).begin(), items_of(b).end());
    return object<Sequence>(a.type, std::move(items));
  }
  return arithmetic(Token::kPlus, a, b);
}

Result<Value> Machine::multiply(Value a, Value b) {
  if (a.is(Type::kInt) && !b.is_number()) std::swap(a, b);
  bool repeats = a.is(Type::kString) || a.is(Type::kBytes) || a.is(Type::kList) || a.is(Type::kTuple);
  if (repeats && b.is(Type::kInt)) return repeat(a, b.integer);
  return arithmetic(Token::kStar, a, b);
}

Result<Value> Machine::repeat(Value what, int64_t times) {
  int64_t size = length(what), total;
  if (times < 0 || size == 0) times = 0;
  if (times > std::numeric_limits<int32_t>::max()) return fail(Code::invalid, "repeat count {} too large", times);
  if (__builtin_mul_overflow(size, times, &total) || total > kExcessive) return fail(Code::invalid, "excessive repeat ({} * {} elements)", size, times);
  bool text_like = what.is(Type::kString) || what.is(Type::kBytes);
  if (memory_ + static_cast<size_t>(total) * (text_like ? 1 : sizeof(Value)) > limits_.memory) return reserve(limits_.memory).transform([] { return Value(); });
  TRY(spend(static_cast<uint64_t>(total) / 64));
  if (text_like) {
    std::string out;
    out.reserve(static_cast<size_t>(total));
    for (int64_t i = 0; i < times; i++) out += text_of(what);
    return object<Text>(what.type, std::move(out));
  }
  std::vector<Value> out;
  out.reserve(static_cast<size_t>(total));
  for (int64_t i = 0; i < times; i++) out.insert(out.end(), items_of(what).begin(), items_of(what).end());
  return object<Sequence>(what.type, std::move(out));
}

namespace {

Result<Value> on_ints(Token op, int64_t a, int64_t b) {
  int64_t out = 0;
  switch (op) {
    case Token::kPlus:
      if (__builtin_add_overflow(a, b, &out)) return overflow();
      return integer(out);
    case Token::kMinus:
      if (__builtin_sub_overflow(a, b, &out)) return overflow();
      return integer(out);
    case Token::kStar:
      if (__builtin_mul_overflow(a, b, &out)) return overflow();
      return integer(out);
    case Token::kSlash:
      if (b == 0) return fail(Code::invalid, "floating-point division by zero");
      return real(static_cast<double>(a) / static_cast<double>(b));
    default: break;
  }
  bool division = op == Token::kSlashSlash;
  if (b == 0) return fail(Code::invalid, "{} by zero", division ? "floored division" : "integer modulo");
  if (b == -1) return division ? on_ints(Token::kMinus, 0, a) : integer(0);  // the smallest int has no counterpart
  int64_t rest = a % b;
  bool down = rest != 0 && (rest < 0) != (b < 0);
  return integer(division ? a / b - down : rest + (down ? b : 0));
}

Result<Value> on_reals(Token op, double a, double b) {
  switch (op) {
    case Token::kPlus: return real(a + b);
    case Token::kMinus: return real(a - b);
    case Token::kStar: return real(a * b);
    default: break;
  }
  std::string_view what = op == Token::kSlash ? "floating-point division" : op == Token::kSlashSlash ? "floored division" : "floating-point modulo";
  if (b == 0) return fail(Code::invalid, "{} by zero", what);
  if (op == Token::kSlash) return real(a / b);
  if (op == Token::kSlashSlash) return real(std::floor(a / b));
  double rest = std::fmod(a, b);
  return real(rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest);
}

}  // namespace

Result<Value> Machine::arithmetic(Token op, Value a, Value b) {
  if (!a.is_number() || !b.is_number()) return unknown(op, a, b);
  if (a.is(Type::kInt) && b.is(Type::kInt)) return on_ints(op, a.integer, b.integer);
  return on_reals(op, as_real(a), as_real(b));
}

Result<Value> Machine::bitwise(Token op, Value a, Value b) {
  bool shift = op == Token::kLessLess || op == Token::kGreaterGreater;
  if (a.is(Type::kInt) && shift) {
    if (!b.is(Type::kInt)) return fail(Code::invalid, "got {}, want int", type_name(b));
    if (b.integer < 0) return fail(Code::invalid, "negative shift count: {}", b.integer);
    if (op == Token::kGreaterGreater) return integer(a.integer >> std::min<int64_t>(b.integer, 63));
    if (b.integer >= 512) return fail(Code::invalid, "shift count too large: {}", b.integer);
    if (a.integer == 0) return a;
    if (b.integer > 62) return overflow();
    return on_ints(Token::kStar, a.integer, int64_t{1} << b.integer);
  }
  if (a.is(Type::kInt) && b.is(Type::kInt))
    return integer(op == Token::kPipe ? a.integer | b.integer : op == Token::kAmp ? a.integer & b.integer : a.integer ^ b.integer);
  if (a.is(Type::kSet) && b.is(Type::kSet) && !shift) return set_operation(op, a, b);
  if (op != Token::kPipe || !a.is(Type::kDict) || !b.is(Type::kDict)) return unknown(op, a, b);
  Value out = object<Table>(Type::kDict);
  TRY(merge(out, a));
  TRY(merge(out, b));
  return out;
}

Result<Value> Machine::set_operation(Token op, Value a, Value b) {
  if (!b.is(Type::kSet)) {
    Value items = object<Table>(Type::kSet);
    Iterator iterator(*this, b);
    for (Value item; TRY(iterator.next(item));) TRY(as<Table>(items).insert(*this, item, none()));
    b = items;
  }
  Value out = object<Table>(Type::kSet);
  auto copy = [&](Value from, Value other, bool with, bool without) -> Result<> {
    size_t at = 0;
    while (const Table::Entry* entry = as<Table>(from).next(at)) {
      bool both = TRY(as<Table>(other).find(*this, entry->key)) != nullptr;
      if (both ? with : without) TRY(as<Table>(out).insert(*this, entry->key, none()));
    }
    return {};
  };
  TRY(copy(a, b, op == Token::kPipe || op == Token::kAmp, op != Token::kAmp));
  if (op == Token::kPipe || op == Token::kCaret) TRY(copy(b, a, false, true));
  return out;
}

Result<size_t> Machine::find(std::string_view text, std::string_view what, bool last, size_t from) {
  TRY(spend((text.size() - std::min(from, text.size())) / 16 * (what.size() / 64 + 1)));
  return last ? text.rfind(what) : text.find(what, from);
}

Result<bool> Machine::contains(Value in, Value what) {
  switch (in.type) {
    case Type::kDict: return as<Table>(in).find(*this, what).transform([](Value* found) { return found != nullptr; }).or_else([](const Error&) { return Result<bool>(false); });
    case Type::kSet: return TRY(as<Table>(in).find(*this, what)) != nullptr;
    case Type::kList:
    case Type::kTuple:
      for (Value item : items_of(in))
        if (TRY(equal(item, what))) return true;
      return false;
    case Type::kRange: {
      if (!what.is_number()) return fail(Code::invalid, "'in <range>' requires integer as left operand, not {}", type_name(what));
      const Range& range = as<Range>(in);
      if (what.is(Type::kFloat) && (what.real != std::floor(what.real) || std::abs(what.real) > 9e18)) return false;
      int64_t value = what.is(Type::kFloat) ? static_cast<int64_t>(what.real) : what.integer, offset;
      if (__builtin_sub_overflow(value, range.start, &offset) || offset % range.step != 0) return false;
      return offset / range.step >= 0 && offset / range.step < range.length;
    }
    case Type::kString:
    case Type::kBytes:
      if (what.is(in.type)) return TRY(find(text_of(in), text_of(what))) != std::string::npos;
      TRY(spend(text_of(in).size() / 64));
      if (in.is(Type::kString)) return fail(Code::invalid, "'in <string>' requires string as left operand, not {}", type_name(what));
      if (!what.is(Type::kInt)) return fail(Code::invalid, "'in bytes' requires bytes or int as left operand, not {}", type_name(what));
      if (what.integer < 0 || what.integer > 255) return fail(Code::invalid, "int in bytes: {} out of range (want value in unsigned 8-bit range)", what.integer);
      return text_of(in).find(static_cast<char>(what.integer)) != std::string::npos;
    default: return unknown(Token::kIn, what, in);
  }
}

}  // namespace starlark
