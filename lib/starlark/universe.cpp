// The functions that every program has.
#include <algorithm>
#include <cmath>
#include <limits>

#include "base/strings.h"
#include "starlark/machine.h"
#include "starlark/methods.h"
#include "starlark/text.h"

namespace starlark {
namespace {

Result<Value> fn_abs(Call& call) {
  Value x = call.args[0];
  if (!x.is_number()) return fail(Code::invalid, "got {}, want int or float", type_name(x));
  if (x.is(Type::kFloat)) return real(std::abs(x.real));
  return x.integer < 0 ? call.machine.binary(Token::kMinus, integer(0), x) : x;
}

/// any (kWanted: true) and all (false): the first element of that truth decides.
template <bool kWanted>
Result<Value> fn_any(Call& call) {
  Iterator iterator(call.machine, TRY(call.iterable(call.args[0], 0)));
  for (Value item; TRY(iterator.next(item));)
    if (truth(item) == kWanted) return boolean(kWanted);
  return boolean(!kWanted);
}

Result<Value> fn_bool(Call& call) { return boolean(!call.args.empty() && truth(call.args[0])); }

Result<Value> fn_bytes(Call& call) {
  Value x = call.args[0];
  if (x.is(Type::kBytes)) return x;
  std::string out;
  if (x.is(Type::kString)) {
    for (std::string_view rest = text_of(x); !rest.empty();) {
      auto [value, size] = decode(rest);
      append_code_point(out, value);
      rest.remove_prefix(size);
    }
    return call.machine.bytes(std::move(out));
  }
  if (!Iterator::possible(x)) return call.fail("got {}, want string, bytes, or iterable of ints", type_name(x));
  Iterator iterator(call.machine, x);
  for (Value item; TRY(iterator.next(item));) {
    if (!item.is(Type::kInt)) return call.fail("at index {}, got {}, want int", out.size(), type_name(item));
    if (item.integer < 0 || item.integer > 255) return call.fail("at index {}, {} out of range (want value in unsigned 8-bit range)", out.size(), item.integer);
    out += static_cast<char>(item.integer);
  }
  return call.machine.bytes(std::move(out));
}

Result<Value> fn_chr(Call& call) {
  Value x = call.args[0];
  if (!x.is(Type::kInt)) return call.fail("got {}, want int", type_name(x));
  if (x.integer < 0) return call.fail("Unicode code point {} out of range (<0)", x.integer);
  if (x.integer > 0x10ffff) return call.fail("Unicode code point U+{:X} out of range (>0x10FFFF)", x.integer);
  std::string out;
  append_code_point(out, static_cast<uint32_t>(x.integer));
  return call.machine.text(std::move(out));
}

Result<Value> fn_dict(Call& call) {
  if (call.args.size() > 1) return call.fail("got {} arguments, want at most 1", call.args.size());
  Value dict = call.machine.object<Table>(Type::kDict);
  TRY(update_dict(call, dict));
  return dict;
}

Result<Value> fn_dir(Call& call) {
  std::vector<std::string> names;
  Value x = call.args[0];
  for (const Row& row : methods(x.type)) names.emplace_back(row.name);
  size_t at = 0;
  if (x.is(Type::kRecord))
    while (const Table::Entry* entry = as<Table>(x).next(at)) names.push_back(quote_literal(text_of(entry->key)));
  std::ranges::sort(names);
  std::vector<Value> out;
  for (std::string& name : names) out.push_back(call.machine.text(std::move(name)));
  return call.machine.list(std::move(out));
}

Result<Value> fn_enumerate(Call& call) {
  Iterator iterator(call.machine, TRY(call.iterable(call.args[0], 0)));
  int64_t number = call.arg(1) ? TRY(call.number(call.arg(1), 1)) : 0;
  Value out = call.machine.list();
  for (Value item; TRY(iterator.next(item));) {
    items_of(out).push_back(call.machine.tuple({integer(number), item}));
    number = static_cast<int64_t>(static_cast<uint64_t>(number) + 1);
  }
  return out;
}

Failure unexpected(const Call& call, std::string_view name, std::string_view known) {
  return call.fail("unexpected keyword argument {}{}", quote_literal(name), hint(name, {&known, 1}));
}

/// What print and fail show: the arguments with a separator.
Result<std::string> shown(Call& call) {
  std::string_view separator = " ";
  for (const Named& argument : call.named) {
    if (argument.name != "sep") return unexpected(call, argument.name, "sep");
    separator = TRY(call.text(argument.value, 0, "sep"));
  }
  std::string out;
  for (size_t i = 0; i < call.args.size(); i++) {
    if (i > 0) out += separator;
    out += str(call.args[i]);
    TRY(call.machine.spend(out.size() / 64));
    TRY(call.machine.reserve(out.size() / 16));
  }
  return out;
}

Result<Value> fn_fail(Call& call) { return call.fail("{}", TRY(shown(call))); }

Result<Value> fn_print(Call& call) {
  call.machine.host().print(TRY(shown(call)));
  return none();
}

Result<Value> fn_float(Call& call) {
  if (call.args.empty()) return real(0);
  Value x = call.args[0];
  if (x.is(Type::kBool)) return real(x.truth);
  if (x.is(Type::kInt)) return real(static_cast<double>(x.integer));
  if (x.is(Type::kFloat)) return x;
  if (!x.is(Type::kString)) return fail(Code::invalid, "float got {}, want number or string", type_name(x));
  if (text_of(x).empty()) return call.fail("empty string");
  std::string digits = to_lower(text_of(x));
  bool negative = digits[0] == '-';
  if (digits[0] == '+' || digits[0] == '-') digits.erase(0, 1);
  double sign = negative ? -1 : 1;
  if (digits == "inf" || digits == "infinity") return real(sign * std::numeric_limits<double>::infinity());
  if (digits == "nan") return real(std::nan(""));
  auto value = digits.empty() || digits[0] == '-' || digits == "-nan" ? std::nullopt : parse_double(digits);
  if (!value) return fail(Code::invalid, "invalid float literal: {}", text_of(x));
  return real(sign * *value);
}

Result<Value> fn_getattr(Call& call) {
  std::string_view name = TRY(call.text(call.args[1], 1));
  auto found = call.machine.attribute(call.args[0], name);
  if (found || !call.arg(2)) return found ? found : call.fail("{} has no .{} field or method", type_name(call.args[0]), name);
  return call.arg(2);
}

Result<Value> fn_hasattr(Call& call) { return boolean(call.machine.attribute(call.args[0], TRY(call.text(call.args[1], 1))).has_value()); }

Result<Value> fn_hash(Call& call) {
  Value x = call.args[0];
  if (x.is(Type::kString)) return integer(hash_text(text_of(x)));
  if (!x.is(Type::kBytes)) return call.fail("got {}, want string or bytes", type_name(x));
  uint32_t sum = 2166136261;  // FNV-1a, 32 bits
  for (char c : text_of(x)) sum = (sum ^ static_cast<uint8_t>(c)) * 16777619;
  return integer(sum);
}

/// int("0x1f", 16), int("-12"); nothing where the text is no number of that base or does not fit.
std::optional<int64_t> parse_int_text(std::string_view text, int base) {
  bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  int prefix = 0;
  if (text.size() > 2 && text[0] == '0') {
    char letter = static_cast<char>(text[1] | 0x20);
    prefix = letter == 'x' ? 16 : letter == 'o' ? 8 : letter == 'b' ? 2 : 0;
  }
  if (prefix && (base == 0 || base == prefix)) {
    base = prefix;
    text.remove_prefix(2);
  } else if (base == 0 && text.size() > 1 && text[0] == '0') {
    return text.find_first_not_of('0') == std::string_view::npos ? std::optional<int64_t>(0) : std::nullopt;
  }
  if (text.starts_with('-') || text.starts_with('+')) return std::nullopt;
  return parse_int((negative ? "-" : "") + std::string(text), base ? base : 10);
}

Result<Value> fn_int(Call& call) {
  auto given = TRY(call.unpack({"x?", "base?"}));
  Value x = given[0] ? given[0] : integer(0), base = given[1];
  if (x.is(Type::kString)) {
    if (base && !base.is(Type::kInt)) return call.fail("for base, got {}, want int", type_name(base));
    int64_t number = base ? base.integer : 10;
    if (number != 0 && (number < 2 || number > 36)) return call.fail("base must be an integer >= 2 && <= 36");
    auto value = parse_int_text(text_of(x), static_cast<int>(number));
    if (!value) return call.fail("invalid literal with base {}: {}", number, text_of(x));
    return integer(*value);
  }
  if (base) return call.fail("can't convert non-string with explicit base");
  if (x.is(Type::kBool)) return integer(x.truth);
  if (x.is(Type::kInt)) return x;
  if (!x.is(Type::kFloat)) return call.fail("cannot convert {} to int", type_name(x));
  auto value = float_to_int(x.real);
  return value ? value : call.fail("{}", value.error().message());
}

Result<Value> fn_len(Call& call) {
  int64_t size = length(call.args[0]);
  if (size < 0) return call.fail("value of type {} has no len", type_name(call.args[0]));
  return integer(size);
}

/// list, tuple and set of what can be iterated over.
template <Type kType>
Result<Value> fn_collect(Call& call) {
  Machine& machine = call.machine;
  Value out = kType == Type::kSet ? machine.object<Table>(Type::kSet) : machine.list();
  if (!call.args.empty()) {
    Iterator iterator(machine, TRY(call.iterable(call.args[0], 0)));
    for (Value item; TRY(iterator.next(item));) {
      if (kType == Type::kSet) {
        TRY(as<Table>(out).insert(machine, item, none()));
      } else {
        items_of(out).push_back(item);
        TRY(machine.reserve(sizeof(Value) * 2));
      }
    }
  }
  return kType == Type::kTuple ? machine.tuple(std::move(items_of(out))) : out;
}

template <Token kOp>
Result<Value> fn_extreme(Call& call) {
  if (call.args.empty()) return fail(Code::invalid, "{} requires at least one positional argument", call.row.name);
  Value key;
  for (const Named& argument : call.named) {
    if (argument.name != "key") return unexpected(call, argument.name, "key");
    key = argument.value;
    if (!key.is(Type::kFunction) && !key.is(Type::kBuiltin)) return call.wanted("callable", key, 0, "key");
  }
  Value all = call.args.size() == 1 ? call.args[0] : call.machine.tuple(call.args);
  if (!Iterator::possible(all)) return call.fail("{} value is not iterable", type_name(all));
  Iterator iterator(call.machine, all);
  Value best, best_key;
  for (Value item; TRY(iterator.next(item));) {
    Value item_key = item;
    if (key) item_key = TRY(call.machine.call(key, {item}));
    auto better = best ? call.machine.compare(kOp, item_key, best_key) : true;
    if (!better) return call.fail("{}", better.error().message());
    if (!*better) continue;
    best = item;
    best_key = item_key;
  }
  if (!best) return call.fail("argument is an empty sequence");
  return best;
}

Result<Value> fn_ord(Call& call) {
  Value x = call.args[0];
  if (x.is(Type::kBytes)) {
    if (text_of(x).size() != 1) return call.fail("bytes has length {}, want 1", text_of(x).size());
    return integer(static_cast<uint8_t>(text_of(x)[0]));
  }
  if (!x.is(Type::kString)) return call.fail("got {}, want string or bytes", type_name(x));
  size_t count = count_code_points(text_of(x));
  if (count != 1) return call.fail("string encodes {} Unicode code points, want 1", count);
  return integer(decode(text_of(x)).value);
}

Result<Value> fn_range(Call& call) {
  int64_t bounds[3] = {0, 0, 1};
  for (size_t i = 0; i < call.args.size(); i++) {
    bounds[i] = TRY(call.number(call.args[i], i));
    if (std::abs(bounds[i]) > std::numeric_limits<int32_t>::max()) return call.fail("for parameter {}: {} out of range", i + 1, bounds[i]);
  }
  if (call.args.size() == 1) std::swap(bounds[0], bounds[1]);
  auto [start, stop, step] = bounds;
  if (step == 0) return call.fail("step argument must not be zero");
  int64_t size = step > 0 ? (stop - start + step - 1) / step : (start - stop - step - 1) / -step;
  return call.machine.object<Range>(Type::kRange, start, stop, step, std::max<int64_t>(0, size));
}

/// What shows a value may write much for little: it is paid for.
Result<Value> paid(Call& call, std::string text) {
  TRY(call.machine.spend(text.size() / 16));
  return call.machine.text(std::move(text));
}
Result<Value> fn_repr(Call& call) { return paid(call, repr(call.args[0])); }

Result<Value> fn_reversed(Call& call) {
  Value out = TRY(fn_collect<Type::kList>(call));
  std::ranges::reverse(items_of(out));
  return out;
}

/// Merge sort: stable, and it can stop in the middle of it.
Result<> sort(Machine& machine, std::vector<std::pair<Value, Value>>& items, Token before) {
  std::vector<std::pair<Value, Value>> from;
  for (size_t width = 1; width < items.size(); width *= 2) {
    from = items;
    for (size_t start = 0; start < items.size(); start += 2 * width) {
      size_t left = start, middle = std::min(start + width, items.size()), right = middle, end = std::min(middle + width, items.size());
      for (size_t to = start; to < end; to++) {
        bool take_right = right < end && (left == middle || TRY(machine.compare(before, from[right].first, from[left].first)));
        items[to] = from[take_right ? right++ : left++];
      }
    }
  }
  return {};
}

Result<Value> fn_sorted(Call& call) {
  auto given = TRY(call.unpack({"iterable", "key?", "reverse?"}));
  Value key = given[1];
  bool reverse = given[2] && TRY(call.boolean(given[2], 2, "reverse"));
  if (key && !key.is(Type::kFunction) && !key.is(Type::kBuiltin)) return call.wanted("callable", key, 1, "key");
  Iterator iterator(call.machine, TRY(call.iterable(given[0], 0, "iterable")));
  std::vector<std::pair<Value, Value>> items;
  for (Value item; TRY(iterator.next(item));) {
    Value item_key = item;
    if (key) item_key = TRY(call.machine.call(key, {item}));
    items.emplace_back(item_key, item);
  }
  TRY(call.machine.reserve(items.size() * sizeof(items[0]) * 2));
  TRY(sort(call.machine, items, reverse ? Token::kGreater : Token::kLess));
  std::vector<Value> out;
  for (auto& [item_key, item] : items) out.push_back(item);
  return call.machine.list(std::move(out));
}

Result<Value> fn_str(Call& call) {
  if (call.args[0].is(Type::kString)) return call.args[0];
  if (call.args[0].is(Type::kBytes)) {
    std::string out;
    for (std::string_view rest = text_of(call.args[0]); !rest.empty(); rest.remove_prefix(decode(rest).size)) append_code_point(out, decode(rest).value);
    return call.machine.text(std::move(out));
  }
  return paid(call, str(call.args[0]));
}

Result<Value> fn_type(Call& call) { return call.machine.text(std::string(type_name(call.args[0]))); }

Result<Value> fn_zip(Call& call) {
  if (!call.named.empty()) return fail(Code::invalid, "zip does not accept keyword arguments");
  std::deque<Iterator> iterators;
  for (size_t i = 0; i < call.args.size(); i++) {
    if (!Iterator::possible(call.args[i])) return call.fail("argument #{} is not iterable: {}", i + 1, type_name(call.args[i]));
    iterators.emplace_back(call.machine, call.args[i]);
  }
  Value out = call.machine.list();
  while (!iterators.empty()) {
    std::vector<Value> row(iterators.size());
    for (size_t i = 0; i < row.size(); i++)
      if (!TRY(iterators[i].next(row[i]))) return out;
    items_of(out).push_back(call.machine.tuple(std::move(row)));
  }
  return out;
}

constexpr Row kUniverse[] = {
    {"abs", fn_abs, 1, 1}, {"all", fn_any<false>, 1, 1}, {"any", fn_any<true>, 1, 1}, {"bool", fn_bool, 0, 1}, {"bytes", fn_bytes, 1, 1},
    {"chr", fn_chr, 1, 1}, {"dict", fn_dict}, {"dir", fn_dir, 1, 1}, {"enumerate", fn_enumerate, 1, 2}, {"fail", fn_fail}, {"float", fn_float, 0, 1},
    {"getattr", fn_getattr, 2, 3}, {"hasattr", fn_hasattr, 2, 2}, {"hash", fn_hash, 1, 1}, {"int", fn_int}, {"len", fn_len, 1, 1},
    {"list", fn_collect<Type::kList>, 0, 1}, {"max", fn_extreme<Token::kGreater>}, {"min", fn_extreme<Token::kLess>}, {"ord", fn_ord, 1, 1},
    {"print", fn_print}, {"range", fn_range, 1, 3}, {"repr", fn_repr, 1, 1}, {"reversed", fn_reversed, 1, 1}, {"set", fn_collect<Type::kSet>, 0, 1},
    {"sorted", fn_sorted}, {"str", fn_str, 1, 1}, {"tuple", fn_collect<Type::kTuple>, 0, 1}, {"type", fn_type, 1, 1}, {"zip", fn_zip},
};

}  // namespace

Result<Value> float_to_int(double value) {
  if (std::isnan(value) || std::isinf(value)) return fail(Code::invalid, "cannot convert float {} to integer", std::isnan(value) ? "NaN" : "infinity");
  if (std::abs(value) >= 9223372036854775808.0) return fail(Code::invalid, "float {} does not fit in 64 bits", float_text(value));
  return integer(static_cast<int64_t>(value));
}

std::span<const Row> universe() { return kUniverse; }

int universal_number(std::string_view name) {
  constexpr std::string_view kConstants[] = {"None", "True", "False"};
  auto row = std::ranges::find(kUniverse, name, &Row::name);
  if (row != std::end(kUniverse)) return static_cast<int>(row - kUniverse);
  auto constant = std::ranges::find(kConstants, name);
  return constant == std::end(kConstants) ? -1 : static_cast<int>(std::size(kUniverse) + static_cast<size_t>(constant - kConstants));
}

}  // namespace starlark
