// The methods of strings and bytes. Upper and lower case are those of ASCII.
#include <algorithm>

#include "base/strings.h"
#include "starlark/machine.h"
#include "starlark/methods.h"
#include "starlark/text.h"

namespace starlark {
namespace {

bool is_upper(uint32_t c) { return c >= 'A' && c <= 'Z'; }
bool is_lower(uint32_t c) { return c >= 'a' && c <= 'z'; }
bool is_alnum(uint32_t c) { return is_letter(c) || is_digit(c); }

Result<Value> give(Call& call, std::string text) {
  TRY(call.machine.spend(text.size() / 64));
  return call.machine.text(std::move(text));
}

/// Whether there is a code point, and all are of the kind.
template <bool (*kIs)(uint32_t)>
Result<Value> every(Call& call) {
  std::string_view rest = text_of(call.self);
  TRY(call.machine.spend(rest.size() / 8));
  bool all = !rest.empty();
  for (; all && !rest.empty(); rest.remove_prefix(decode(rest).size)) all = kIs(decode(rest).value);
  return boolean(all);
}

/// islower and isupper: there are letters with case, and none of the other one.
template <bool (*kIs)(uint32_t), bool (*kOther)(uint32_t)>
Result<Value> cased(Call& call) {
  const std::string& text = text_of(call.self);
  return boolean(std::ranges::any_of(text, [](char c) { return kIs(static_cast<uint8_t>(c)); }) &&
                 std::ranges::none_of(text, [](char c) { return kOther(static_cast<uint8_t>(c)); }));
}

Result<Value> is_title(Call& call) {
  bool any = false, before = false;
  for (char c : text_of(call.self)) {
    bool upper = is_upper(static_cast<uint8_t>(c)), lower = is_lower(static_cast<uint8_t>(c));
    if ((upper && before) || (lower && !before)) return boolean(false);
    before = upper || lower;
    any = any || before;
  }
  return boolean(any);
}

Result<Value> lower(Call& call) { return give(call, to_lower(text_of(call.self))); }
Result<Value> upper(Call& call) { return give(call, to_upper(text_of(call.self))); }

Result<Value> capitalize(Call& call) {
  std::string out = to_lower(text_of(call.self));
  if (!out.empty()) out.replace(0, 1, to_upper(out.substr(0, 1)));
  return give(call, std::move(out));
}

Result<Value> title(Call& call) {
  std::string out = to_lower(text_of(call.self));
  bool before = false;
  for (char& c : out) {
    if (!before && is_lower(static_cast<uint8_t>(c))) c = static_cast<char>(c - 'a' + 'A');
    before = is_letter(static_cast<uint8_t>(c)) || (c & 0x80);
  }
  return give(call, std::move(out));
}

template <bool kCodePoints, bool kNumbers>
Result<Value> parts(Call& call) {
  return call.machine.object<Parts>(Type::kParts, call.self, kCodePoints, kNumbers);
}

/// The part of the string that the arguments from `first` on name, and where it starts.
struct Window {
  std::string_view text;
  int64_t start;
};
Result<Window> window(Call& call, size_t first) {
  std::string_view text = text_of(call.self);
  int64_t size = length(call.self);
  auto start = Machine::bound(call.arg(first), size, 0, 0, size, "start");
  auto end = Machine::bound(call.arg(first + 1), size, size, 0, size, "end");
  if (!start || !end) return call.fail("{}", (start ? end : start).error().message());
  return Window{*start < *end ? text.substr(static_cast<size_t>(*start), static_cast<size_t>(*end - *start)) : std::string_view(), *start};
}

Result<Value> count(Call& call) {
  std::string_view what = TRY(call.text(call.args[0], 0));
  auto [text, start] = TRY(window(call, 1));
  if (what.empty()) return integer(static_cast<int64_t>(count_code_points(text)) + 1);
  int64_t found = 0;
  for (size_t at = 0; (at = TRY(call.machine.find(text, what, false, at))) != std::string_view::npos; at += what.size()) found++;
  return integer(found);
}

template <bool kLast, bool kMust>
Result<Value> find(Call& call) {
  std::string_view what = TRY(call.text(call.args[0], 0));
  auto [text, start] = TRY(window(call, 1));
  size_t found = TRY(call.machine.find(text, what, kLast));
  if (found != std::string_view::npos) return integer(start + static_cast<int64_t>(found));
  if (kMust) return call.fail("substring not found");
  return integer(-1);
}

template <bool kEnd>
Result<Value> starts_with(Call& call) {
  auto [text, start] = TRY(window(call, 1));
  auto is = [&](Value part) { return kEnd ? text.ends_with(text_of(part)) : text.starts_with(text_of(part)); };
  Value what = call.args[0];
  if (what.is(Type::kString)) return boolean(is(what));
  if (!what.is(Type::kTuple)) return call.fail("got {}, want string or tuple of string", type_name(what));
  for (size_t i = 0; i < items_of(what).size(); i++) {
    Value item = items_of(what)[i];
    if (!item.is(Type::kString)) return call.fail("want string, got {}, for element {}", type_name(item), i);
    TRY(call.machine.spend(text_of(item).size() / 64 + 1));
    if (is(item)) return boolean(true);
  }
  return boolean(false);
}

Result<Value> join(Call& call) {
  Iterator iterator(call.machine, TRY(call.iterable(call.args[0], 0)));
  std::string out;
  bool first = true;
  for (Value item; TRY(iterator.next(item)); first = false) {
    if (!item.is(Type::kString)) return call.fail("in list, want string, got {}", type_name(item));
    size_t more = text_of(call.self).size() + text_of(item).size();
    TRY(call.machine.reserve(more));
    TRY(call.machine.spend(more / 64));
    if (!first) out += text_of(call.self);
    out += text_of(item);
  }
  return give(call, std::move(out));
}

template <bool kLast>
Result<Value> partition(Call& call) {
  std::string_view separator = TRY(call.text(call.args[0], 0)), text = text_of(call.self);
  if (separator.empty()) return call.fail("empty separator");
  size_t at = TRY(call.machine.find(text, separator, kLast));
  bool found = at != std::string_view::npos;
  std::string_view before = found ? text.substr(0, at) : kLast ? "" : text, behind = found ? text.substr(at + separator.size()) : kLast ? text : "";
  Machine& machine = call.machine;
  return machine.tuple({machine.text(std::string(before)), machine.text(std::string(found ? separator : "")), machine.text(std::string(behind))});
}

template <bool kEnd>
Result<Value> remove_fix(Call& call) {
  std::string_view what = TRY(call.text(call.args[0], 0)), text = text_of(call.self);
  if (kEnd && text.ends_with(what)) text.remove_suffix(what.size());
  if (!kEnd && text.starts_with(what)) text.remove_prefix(what.size());
  return give(call, std::string(text));
}

Result<Value> replace(Call& call) {
  std::string_view from = TRY(call.text(call.args[0], 0)), to = TRY(call.text(call.args[1], 1)), text = text_of(call.self);
  int64_t left = call.arg(2) ? TRY(call.number(call.arg(2), 2)) : -1;
  std::string out;
  size_t at = 0;
  while (left != 0 && at <= text.size()) {
    size_t found = TRY(call.machine.find(text, from, false, at));
    if (found == std::string_view::npos) break;
    TRY(call.machine.spend());
    TRY(call.machine.reserve(to.size() + found - at));
    out += text.substr(at, found - at);
    out += to;
    at = found + from.size();
    if (from.empty()) {
      if (at == text.size()) return give(call, std::move(out));
      size_t size = decode(text.substr(at)).size;
      out += text.substr(at, size);
      at += size;
    }
    left--;
  }
  out += text.substr(std::min(at, text.size()));
  return give(call, std::move(out));
}

Result<Value> list_of(Call& call, const std::vector<std::string_view>& parts) {
  Value out = call.machine.list();
  for (std::string_view part : parts) {
    items_of(out).push_back(call.machine.text(std::string(part)));
    TRY(call.machine.spend());
  }
  return out;
}

/// Fields between spaces, at most `most` + 1 where `most` is not negative; the last one found runs to the end then.
std::vector<std::string_view> fields(std::string_view text, int64_t most) {
  std::vector<std::string_view> out;
  auto skip = [&](bool spaces) {
    size_t at = 0;
    while (at < text.size() && is_space(decode(text.substr(at)).value) == spaces) at += decode(text.substr(at)).size;
    return at;
  };
  for (;;) {
    text.remove_prefix(skip(true));
    if (text.empty()) return out;
    size_t size = static_cast<int64_t>(out.size()) == most ? text.size() : skip(false);
    out.push_back(text.substr(0, size));
    text.remove_prefix(size);
  }
}

/// fields() from the end.
std::vector<std::string_view> last_fields(std::string_view text, int64_t most) {
  std::vector<std::string_view> all = fields(text, -1), out;
  size_t kept = std::min(all.size(), static_cast<size_t>(most)), first = all.size() - kept;
  if (first > 0) {
    const char* end = all[first - 1].data() + all[first - 1].size();
    out.push_back(text.substr(0, static_cast<size_t>(end - text.data())));
  }
  out.insert(out.end(), all.end() - static_cast<ptrdiff_t>(kept), all.end());
  return out;
}

template <bool kLast>
Result<Value> split(Call& call) {
  std::string_view text = text_of(call.self);
  int64_t most = call.arg(1) ? TRY(call.number(call.arg(1), 1)) : -1;
  TRY(call.machine.spend(text.size() / 8));
  if (!call.arg(0) || call.arg(0).is(Type::kNone)) {
    TRY(call.machine.reserve(text.size() * 8));
    return list_of(call, kLast && most >= 0 ? last_fields(text, most) : fields(text, most));
  }
  if (!call.args[0].is(Type::kString)) return fail(Code::invalid, "split: got {} for separator, want string", type_name(call.args[0]));
  std::string_view separator = text_of(call.args[0]);
  if (separator.empty()) return fail(Code::invalid, "split: empty separator");
  std::vector<std::string_view> parts;
  while (most < 0 || static_cast<int64_t>(parts.size()) < most) {
    size_t at = TRY(call.machine.find(text, separator, kLast));
    if (at == std::string_view::npos) break;
    parts.push_back(kLast ? text.substr(at + separator.size()) : text.substr(0, at));
    TRY(call.machine.reserve(sizeof(text)));
    text = kLast ? text.substr(0, at) : text.substr(at + separator.size());
  }
  parts.push_back(text);
  if (kLast) std::ranges::reverse(parts);
  return list_of(call, parts);
}

Result<Value> split_lines(Call& call) {
  std::string_view text = text_of(call.self);
  bool keep = call.arg(0) && TRY(call.boolean(call.arg(0), 0));
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    size_t end = std::min(text.find('\n'), text.size()), next = std::min(end + 1, text.size());
    lines.push_back(text.substr(0, keep ? next : end));
    TRY(call.machine.reserve(sizeof(text)));
    text.remove_prefix(next);
  }
  return list_of(call, lines);
}

template <bool kLeft, bool kRight>
Result<Value> strip(Call& call) {
  std::string_view text = text_of(call.self), chars;
  if (call.arg(0)) chars = TRY(call.text(call.arg(0), 0));
  auto drops = [&](std::string_view point) { return chars.empty() ? is_space(decode(point).value) : chars.find(point) != std::string_view::npos; };
  TRY(call.machine.spend(text.size() / 16 * (chars.size() / 64 + 1)));
  while (kLeft && !text.empty() && drops(text.substr(0, decode(text).size))) text.remove_prefix(decode(text).size);
  while (kRight && !text.empty()) {
    size_t at = text.size() - 1;
    while (at > 0 && text.size() - at < 4 && (text[at] & 0xc0) == 0x80) at--;
    if (decode(text.substr(at)).size != text.size() - at) at = text.size() - 1;
    if (!drops(text.substr(at))) break;
    text = text.substr(0, at);
  }
  return give(call, std::string(text));
}

Result<Value> format(Call& call) { return give(call, TRY(format_text(call))); }

constexpr Row kStringMethods[] = {
    {"capitalize", capitalize, 0, 0}, {"codepoint_ords", parts<true, true>, 0, 0}, {"codepoints", parts<true, false>, 0, 0}, {"count", count, 1, 3},
    {"elem_ords", parts<false, true>, 0, 0}, {"elems", parts<false, false>, 0, 0}, {"endswith", starts_with<true>, 1, 3}, {"find", find<false, false>, 1, 3},
    {"format", format}, {"index", find<false, true>, 1, 3}, {"isalnum", every<is_alnum>, 0, 0}, {"isalpha", every<is_letter>, 0, 0},
    {"isdigit", every<is_digit>, 0, 0}, {"islower", cased<is_lower, is_upper>, 0, 0}, {"isspace", every<is_space>, 0, 0}, {"istitle", is_title, 0, 0},
    {"isupper", cased<is_upper, is_lower>, 0, 0}, {"join", join, 1, 1}, {"lower", lower, 0, 0}, {"lstrip", strip<true, false>, 0, 1},
    {"partition", partition<false>, 1, 1}, {"removeprefix", remove_fix<false>, 1, 1}, {"removesuffix", remove_fix<true>, 1, 1}, {"replace", replace, 2, 3},
    {"rfind", find<true, false>, 1, 3}, {"rindex", find<true, true>, 1, 3}, {"rpartition", partition<true>, 1, 1}, {"rsplit", split<true>, 0, 2},
    {"rstrip", strip<false, true>, 0, 1}, {"split", split<false>, 0, 2}, {"splitlines", split_lines, 0, 1}, {"startswith", starts_with<false>, 1, 3},
    {"strip", strip<true, true>, 0, 1}, {"title", title, 0, 0}, {"upper", upper, 0, 0},
};
constexpr Row kBytesMethods[] = {{"elems", parts<false, true>, 0, 0}};

}  // namespace

std::span<const Row> string_methods() { return kStringMethods; }
std::span<const Row> bytes_methods() { return kBytesMethods; }

}  // namespace starlark
