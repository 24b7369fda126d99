// Alias expansion.
#include "applets/cli/alias.h"

#include <algorithm>
#include <set>

namespace cli {

namespace {

struct Found {
  size_t words;      ///< of the alias' own name
  StringList value;
};

/// Aliases of more words go first, else by name.
std::optional<Found> find_alias(const StringMap& aliases, const StringList& arguments, size_t first) {
  std::vector<std::pair<StringList, std::string_view>> sorted;
  for (const auto& [name, value] : aliases) sorted.emplace_back(split(name, ' '), value);
  std::ranges::stable_sort(sorted, std::ranges::greater(), [](const auto& alias) { return alias.first.size(); });
  for (const auto& [words, value] : sorted) {
    if (words.size() > arguments.size() - first || !std::equal(words.begin(), words.end(), arguments.begin() + first)) continue;
    return Found{words.size(), split_words(value).value_or(split(value, ' '))};
  }
  return std::nullopt;
}

/// Calls `use` for each @ARGn@ in `word` and puts what it returns in its place.
template <class Use>
Result<std::string> replace_numbered(std::string_view word, Use use) {
  std::string out;
  while (!word.empty()) {
    size_t start = word.find("@ARG");
    size_t end = start == std::string_view::npos ? start : word.find('@', start + 1);
    auto number = end == std::string_view::npos ? std::nullopt : parse_uint(word.substr(start + 4, end - start - 4));
    if (start == std::string_view::npos || (end == std::string_view::npos)) break;
    if (!number) {
      out += word.substr(0, end);
      word.remove_prefix(end);
      if (word.size() == 1) break;
      continue;
    }
    out += std::string(word.substr(0, start)) + TRY(use(*number));
    word.remove_prefix(end + 1);
  }
  return out + std::string(word);
}

}  // namespace

const StringMap& built_in_aliases() {
  static const StringMap kAliases = {{"shell", "exec @ARGS@ -- su -l"}};
  return kAliases;
}

std::optional<StringList> split_words(std::string_view text) {
  StringList words;
  std::string word;
  bool inside = false;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == ' ' || c == '\t' || c == '\n') {
      if (inside) words.push_back(std::move(word));
      word.clear();
      inside = false;
      continue;
    }
    inside = true;
    if (c == '\'' || c == '"') {
      size_t end = i + 1;
      for (; end < text.size() && text[end] != c; ++end) {
        if (c == '"' && text[end] == '\\' && end + 1 < text.size() && std::string_view("\"\\$`\n").contains(text[end + 1])) ++end;
        word += text[end];
      }
      if (end >= text.size()) return std::nullopt;
      i = end;
    } else if (c == '\\') {
      if (++i >= text.size()) return std::nullopt;
      word += text[i];
    } else {
      word += c;
    }
  }
  if (inside) words.push_back(std::move(word));
  return words;
}

Result<std::optional<StringList>> expand_alias(const Config& config, const StringList& arguments, size_t first) {
  if (first >= arguments.size()) return std::nullopt;
  auto found = find_alias(config.aliases, arguments, first);
  if (!found) found = find_alias(built_in_aliases(), arguments, first);
  if (!found || found->value.empty()) return std::nullopt;

  StringList rest(arguments.begin() + first + found->words, arguments.end());
  std::set<size_t> used;
  auto numbered = [&](size_t number) -> Result<std::string> {
    if (number == 0 || number > rest.size()) {
      StringList name(arguments.begin() + first, arguments.begin() + first + found->words);
      return fail(Code::invalid, "Found alias {} references an argument outside the given number", quote(join(name, " ")));
    }
    used.insert(number - 1);
    return rest[number - 1];
  };
  StringList words;
  for (const std::string& word : found->value) words.push_back(word == "@ARGS@" ? word : TRY(replace_numbered(word, numbered)));
  StringList remaining;
  for (size_t i = 0; i < rest.size(); ++i) {
    if (!used.contains(i)) remaining.push_back(rest[i]);
  }

  StringList result;
  bool program = found->value[0].starts_with('/');
  if (!program) result.assign(arguments.begin(), arguments.begin() + first);
  bool placed = false;
  for (std::string& word : words) {
    if (word == "@ARGS@") {
      result.insert(result.end(), remaining.begin(), remaining.end());
      placed = true;
    } else {
      result.push_back(std::move(word));
    }
  }
  if (!placed) result.insert(result.end(), remaining.begin(), remaining.end());
  return result;
}

}  // namespace cli
