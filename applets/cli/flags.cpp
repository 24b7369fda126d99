// Flag parsing; the error texts are those scripts of the API's users match.
#include "applets/cli/flags.h"

#include <algorithm>
#include <cstdlib>

namespace cli {

std::string_view long_name(const Flag& flag) { return flag.name.substr(0, flag.name.find('|')); }

char short_name(const Flag& flag) {
  size_t bar = flag.name.find('|');
  return bar == std::string_view::npos ? 0 : flag.name[bar + 1];
}

namespace {

bool parse_bool(std::string_view text, bool& value) {
  for (std::string_view yes : {"1", "t", "T", "true", "TRUE", "True"}) {
    if (text == yes) return value = true, true;
  }
  for (std::string_view no : {"0", "f", "F", "false", "FALSE", "False"}) {
    if (text == no) return value = false, true;
  }
  return false;
}

Failure bad_value(const Flag& flag, std::string_view value, std::string_view parser) {
  std::string shown = std::format("--{}", long_name(flag));
  if (short_name(flag)) shown = std::format("-{}, {}", short_name(flag), shown);
  return fail(Code::invalid, "invalid argument {} for \"{}\" flag: strconv.{}: parsing {}: invalid syntax", quote(value), shown, parser, quote(value));
}

/// Reads one word of the form --name[=value]. True if the next word was used as the value.
Result<bool> take_long(std::string_view word, const std::string* next, Flags& flags) {
  std::string_view name = word.substr(2, word.find('=') == std::string_view::npos ? std::string_view::npos : word.find('=') - 2);
  if (name.empty() || name[0] == '-') return fail(Code::invalid, "bad flag syntax: {}", word);
  const Flag* flag = flags.find(name);
  if (!flag) return fail(Code::invalid, "unknown flag: --{}", name);
  if (word.contains('=')) {
    TRY(flags.set(*flag, word.substr(word.find('=') + 1)));
    return false;
  }
  if (flag->kind == FlagKind::boolean || !flag->bare.empty()) {
    TRY(flags.set(*flag, flag->kind == FlagKind::boolean ? "true" : flag->bare));
    return false;
  }
  if (!next) return fail(Code::invalid, "flag needs an argument: {}", word);
  TRY(flags.set(*flag, *next));
  return true;
}

/// Reads one word of letters, -abc or -fvalue. True if the next word was used as the value.
Result<bool> take_letters(std::string_view word, const std::string* next, Flags& flags) {
  std::string_view letters = word.substr(1);
  while (!letters.empty()) {
    const Flag* flag = flags.find(letters[0]);
    if (!flag) return fail(Code::invalid, "unknown shorthand flag: '{}' in {}", letters[0], word);
    std::string_view rest = letters.substr(1);
    if (rest.size() > 1 && rest[0] == '=') {
      TRY(flags.set(*flag, rest.substr(1)));
      return false;
    }
    if (flag->kind == FlagKind::boolean || !flag->bare.empty()) {
      TRY(flags.set(*flag, flag->kind == FlagKind::boolean ? "true" : flag->bare));
      letters = rest;
      continue;
    }
    if (!rest.empty()) {
      TRY(flags.set(*flag, rest));
      return false;
    }
    if (!next) return fail(Code::invalid, "flag needs an argument: '{}' in {}", letters[0], word);
    TRY(flags.set(*flag, *next));
    return true;
  }
  return false;
}

}  // namespace

void Flags::declare(std::span<const Flag> flags) {
  for (const Flag& flag : flags) {
    if (!find(long_name(flag))) flags_.push_back(&flag);
  }
}

const Flag* Flags::find(std::string_view name) const {
  auto found = std::ranges::find(flags_, name, [](const Flag* flag) { return long_name(*flag); });
  return found == flags_.end() ? nullptr : *found;
}

const Flag* Flags::find(char letter) const {
  auto found = std::ranges::find(flags_, letter, [](const Flag* flag) { return short_name(*flag); });
  return found == flags_.end() ? nullptr : *found;
}

bool Flags::known(std::string_view name) const { return find(name) != nullptr; }
bool Flags::given(std::string_view name) const { return values_.contains(name); }

std::string Flags::text(std::string_view name) const {
  const Flag* flag = find(name);
  if (!flag) std::abort();
  auto found = values_.find(name);
  return found == values_.end() ? std::string(flag->fallback) : found->second.back();
}

bool Flags::on(std::string_view name) const {
  bool value = false;
  parse_bool(text(name), value);
  return value;
}

int64_t Flags::number(std::string_view name) const { return parse_int(text(name), 10).value_or(0); }

StringList Flags::list(std::string_view name) const {
  if (!find(name)) std::abort();
  auto found = values_.find(name);
  return found == values_.end() ? StringList{} : found->second;
}

Result<> Flags::set(const Flag& flag, std::string_view value) {
  bool ignored;
  if (flag.kind == FlagKind::boolean && !parse_bool(value, ignored)) return bad_value(flag, value, "ParseBool");
  if (flag.kind == FlagKind::number && !parse_int(value)) return bad_value(flag, value, "ParseInt");
  values_[long_name(flag)].emplace_back(value);
  return {};
}

Result<StringList> parse_flags(const StringList& words, bool stop_at_argument, Flags& flags) {
  StringList arguments;
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    const std::string* next = i + 1 < words.size() ? &words[i + 1] : nullptr;
    if (word.size() < 2 || word[0] != '-') {
      if (stop_at_argument) {
        arguments.insert(arguments.end(), words.begin() + i, words.end());
        return arguments;
      }
      arguments.push_back(word);
      continue;
    }
    if (word == "--") {
      arguments.insert(arguments.end(), words.begin() + i + 1, words.end());
      return arguments;
    }
    bool used = TRY(word[1] == '-' ? take_long(word, next, flags) : take_letters(word, next, flags));
    if (used) ++i;
  }
  return arguments;
}

}  // namespace cli
