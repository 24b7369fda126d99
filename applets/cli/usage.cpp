// Matching arguments against a compiled usage line: greedy, element by element, with one word of look-ahead for optional heads.
#include "applets/cli/usage.h"

#include <algorithm>
#include <cstdio>
#include <optional>

#include "applets/cli/usage_atom.h"

namespace cli {

const Arg& Arg::object() const { return remote.empty() || parts.empty() ? *this : parts[0]; }

StringList Arg::texts() const {
  StringList list;
  for (const Arg& part : parts) list.push_back(part.text);
  return list;
}

namespace {

using Kind = Atom::Kind;
using Words = std::vector<std::string>;

/// Not fitting is ordinary while alternatives are tried; `hard` errors (an unknown remote) end the match at once.
struct Mismatch {
  std::string text;
  bool missing = false;  ///< too few arguments
  bool hard = false;
  Code code = Code::invalid;
};
using Match = std::expected<Arg, Mismatch>;

std::string curly(std::string_view text) { return std::format("“{}”", text); }

std::unexpected<Mismatch> missing(const Atom& atom) {
  return std::unexpected(Mismatch{.text = std::format("not enough arguments; expected a value for {}", curly(atom.source)), .missing = true});
}
std::unexpected<Mismatch> missing_suffix() {
  return std::unexpected(Mismatch{.text = "unexpected end of argument; did you forget a suffix?", .missing = true});
}
std::unexpected<Mismatch> leftover(std::string_view rest, std::string_view whole) {
  if (rest == whole) return std::unexpected(Mismatch{.text = std::format("cannot parse this argument; unexpected {}", curly(rest))});
  return std::unexpected(Mismatch{.text = std::format("cannot parse this argument; unexpected {} in {}", curly(rest), curly(whole))});
}

std::unexpected<Mismatch> unexpected_word(std::string_view word, const StringList& expected) {
  std::string wanted;
  if (expected.size() == 1) wanted = curly(expected[0]);
  if (expected.size() > 1) {
    wanted = "one of ";
    for (size_t i = 0; i + 1 < expected.size(); ++i) wanted += (i ? ", " : "") + curly(expected[i]);
    wanted += " or " + curly(expected.back());
  }
  if (wanted.empty()) return std::unexpected(Mismatch{.text = std::format("unexpected {}", curly(word))});
  if (word.empty()) return std::unexpected(Mismatch{.text = std::format("expected {}", wanted)});
  return std::unexpected(Mismatch{.text = std::format("unexpected {}; expected {}", curly(word), wanted)});
}

std::string joined_texts(const std::vector<Arg>& parts) {
  StringList texts;
  for (const Arg& part : parts) {
    if (!part.skipped) texts.push_back(part.text);
  }
  return join(texts, " ");
}

class Matcher {
 public:
  Matcher(const Flags& flags, const RemoteNames& remotes) : flags_(flags), remotes_(remotes) {}

  /// Takes what `atom` needs from the front of `words`. On a mismatch `words` may be half used.
  Match take(const Atom& atom, Words& words, bool backwards) {
    switch (atom.kind) {
      case Kind::placeholder: return placeholder(atom, words);
      case Kind::verbatim: return verbatim(atom, words);
      case Kind::optional: return optional(atom, words, backwards);
      case Kind::alternative: return alternative(atom, words, backwards);
      case Kind::compound: return atom.separator == ' ' ? sequence(atom, words, backwards) : path(atom, words);
      case Kind::list: return atom.separator == ' ' ? words_list(atom, words, backwards) : inner_list(atom, words);
      case Kind::remote: return remote(atom, words);
      case Kind::flag: return flag(atom);
      case Kind::deprecated: return deprecated(atom, words, backwards);
    }
    std::unreachable();
  }

 private:
  static Match placeholder(const Atom& atom, Words& words) {
    if (words.empty()) return missing(atom);
    Arg arg{.text = words.front()};
    words.erase(words.begin());
    return arg;
  }

  static Match verbatim(const Atom& atom, Words& words) {
    if (words.empty()) return missing(atom);
    Arg arg{.text = words.front()};
    words.erase(words.begin());
    if (arg.text != atom.word) return unexpected_word(arg.text, {atom.word});
    return arg;
  }

  Match optional(const Atom& atom, Words& words, bool backwards) {
    Words copy = words;
    Match match = take(atom.children[0], copy, backwards);
    if (!match && match.error().hard) return match;
    if (!match) return Arg{.skipped = true, .reason = match.error().text};
    words = std::move(copy);
    return match;
  }

  Match alternative(const Atom& atom, Words& words, bool backwards) {
    StringList choices;
    for (size_t i = 0; i < atom.children.size(); ++i) {
      if (atom.children[i].kind == Kind::verbatim) choices.push_back(atom.children[i].word);
      Words copy = words;
      Match match = take(atom.children[i], copy, backwards);
      if (!match && match.error().hard) return match;
      if (!match) continue;
      words = std::move(copy);
      match->branch = static_cast<int>(i);
      return match;
    }
    if (words.empty()) return missing(atom);
    if (choices.size() != atom.children.size()) choices.clear();
    return unexpected_word(words.front(), choices);
  }

  /// How many of the first elements must stay empty because there are too few words for all.
  static size_t heads_to_skip(const std::vector<const Atom*>& atoms, size_t words) {
    size_t trailing = 0;
    while (trailing < atoms.size() && atoms[atoms.size() - 1 - trailing]->kind == Kind::optional) ++trailing;
    size_t skip = 0;
    while (skip + trailing + words < atoms.size() && atoms[skip]->kind == Kind::optional) ++skip;
    return skip;
  }

  static std::vector<const Atom*> ordered(const Atom& atom, bool backwards) {
    std::vector<const Atom*> atoms;
    for (const Atom& child : atom.children) atoms.push_back(&child);
    if (backwards) std::ranges::reverse(atoms);
    return atoms;
  }

  Match sequence(const Atom& atom, Words& words, bool backwards) {
    std::vector<const Atom*> atoms = ordered(atom, backwards);
    size_t skip = heads_to_skip(atoms, words.size());
    Arg arg;
    for (size_t i = 0; i < atoms.size(); ++i) {
      Words none;
      Match match = take(*atoms[i], i < skip ? none : words, false);
      if (!match) return match;
      arg.parts.push_back(std::move(*match));
    }
    if (backwards) std::ranges::reverse(arg.parts);
    arg.text = joined_texts(arg.parts);
    return arg;
  }

  /// One word cut at the separator; the last element takes all that is left of it.
  Match path(const Atom& atom, Words& words) {
    if (words.empty()) return missing(atom);
    std::string word = words.front();
    Words pieces = split(word, atom.separator);
    std::vector<const Atom*> atoms = ordered(atom, false);
    size_t skip = heads_to_skip(atoms, pieces.size());
    Arg arg{.text = word};
    for (size_t i = 0; i < atoms.size(); ++i) {
      if (i + 1 == atoms.size() && pieces.size() > 1) pieces = {join(pieces, std::string_view(&atom.separator, 1))};
      Words none;
      Match match = take(*atoms[i], i < skip ? none : pieces, false);
      if (!match) return match;
      arg.parts.push_back(std::move(*match));
    }
    words.erase(words.begin());
    return arg;
  }

  Match words_list(const Atom& atom, Words& words, bool backwards) {
    Arg arg;
    for (int i = 0; i < atom.minimum; ++i) {
      Match match = take(atom.children[0], words, backwards);
      if (!match) return match;
      arg.parts.push_back(std::move(*match));
    }
    for (;;) {
      Words copy = words;
      Match match = take(atom.children[0], copy, backwards);
      if (!match && match.error().hard) return match;
      if (!match || copy.size() == words.size()) break;
      words = std::move(copy);
      arg.parts.push_back(std::move(*match));
    }
    if (backwards) std::ranges::reverse(arg.parts);
    arg.text = joined_texts(arg.parts);
    arg.skipped = arg.parts.empty();
    return arg;
  }

  Match inner_list(const Atom& atom, Words& words) {
    if (words.empty()) return missing(atom);
    Words pieces = split(words.front(), atom.separator);
    Arg arg{.text = words.front()};
    while (!pieces.empty()) {
      Match match = take(atom.children[0], pieces, false);
      if (!match) return match;
      arg.parts.push_back(std::move(*match));
    }
    words.erase(words.begin());
    return arg;
  }

  Match remote(const Atom& atom, Words& words) {
    if (words.empty() && !atom.optional_remote) return missing(atom);
    std::string word = words.empty() ? "" : words.front();
    auto split_word = remotes_.split(word);
    if (!split_word) return std::unexpected(Mismatch{.text = split_word.error().message(), .hard = true, .code = split_word.error().code()});
    Arg arg{.skipped = words.empty(), .text = word, .remote = split_word->first};
    Words rest;
    if (!split_word->second.empty()) rest.push_back(split_word->second);
    if (atom.children.empty() && !rest.empty()) {
      auto error = word.contains(':') ? leftover(rest[0], word) : missing_suffix();
      if (!atom.optional_remote) return error;
      std::string fallback = remotes_.split("")->first;
      return Arg{.skipped = true, .reason = error.error().text, .remote = fallback};
    }
    if (!atom.children.empty()) {
      Match match = take(atom.children[0], rest, false);
      if (!match) return match;
      arg.parts.push_back(std::move(*match));
    }
    if (!rest.empty()) return leftover(rest[0], word);
    if (!words.empty()) words.erase(words.begin());
    return arg;
  }

  Match flag(const Atom& atom) {
    if (flags_.given(atom.word)) return Arg{.text = atom.source};
    return unexpected_word("", {atom.source});
  }

  Match deprecated(const Atom& atom, Words& words, bool backwards) {
    Match match = take(atom.children[0], words, backwards);
    if (match) std::fputs("Warning: the “<key> <value>” syntax is deprecated; please switch to the “<key>=<value>” syntax\n", stderr);
    return match;
  }

  const Flags& flags_;
  const RemoteNames& remotes_;
};

/// Can the element match without any word?
bool may_be_empty(const Atom& atom) {
  return atom.kind == Kind::optional || (atom.kind == Kind::remote && atom.optional_remote && (atom.children.empty() || may_be_empty(atom.children[0]))) ||
         (atom.kind == Kind::list && atom.minimum == 0);
}

/// Backwards, an optional word must not take what a required element before it needs.
bool must_yield(const std::vector<const Atom*>& atoms, size_t at, size_t words) {
  if (atoms[at]->kind != Kind::optional || atoms[at]->children[0].kind != Kind::placeholder) return false;
  size_t required = std::ranges::count_if(atoms.begin() + at + 1, atoms.end(), [](const Atom* atom) { return !may_be_empty(*atom); });
  return words <= required;
}

std::string shown_words(const Words& words) {
  StringList shown;
  for (const std::string& word : words) shown.push_back(word.contains(' ') ? quote(word) : word);
  return join(shown, " ");
}

bool needs_word(const Atom* atom) {
  switch (atom->kind) {
    case Atom::Kind::optional:
    case Atom::Kind::flag: return false;
    case Atom::Kind::list: return atom->minimum > 0;
    case Atom::Kind::remote: return !atom->children.empty() && needs_word(&atom->children[0]);
    default: return true;
  }
}

}  // namespace

Usage::Usage(std::string_view line, unsigned options) : atoms_(compile_usage(line, options & kStrictPairs)), options_(options) {}
Usage::~Usage() = default;
Usage::Usage(Usage&&) noexcept = default;

StringList Usage::elements() const {
  StringList list;
  for (const Atom& atom : atoms_) list.push_back(atom.source);
  return list;
}

Result<std::vector<Arg>> Usage::match(const StringList& arguments, const Flags& flags, const RemoteNames& remotes, std::vector<Arg>& matched) const {
  Words words = arguments;
  std::vector<const Atom*> atoms;
  for (const Atom& atom : atoms_) atoms.push_back(&atom);
  bool backwards = right_to_left(arguments.size());
  if (backwards) {
    std::ranges::reverse(words);
    std::ranges::reverse(atoms);
  }
  Matcher matcher(flags, remotes);
  size_t wanted = std::ranges::count_if(atoms, needs_word);
  for (const Atom* atom : atoms) {
    if (needs_word(atom)) wanted--;
    else if (backwards && atom->kind == Atom::Kind::optional && words.size() <= wanted) {
      matched.push_back({.skipped = true});  // what is left belongs to the elements before it
      continue;
    }
    Match match = matcher.take(*atom, words, backwards);
    if (!match) return fail(match.error().code, "{}", match.error().text);
    matched.push_back(std::move(*match));
  }
  if (!words.empty()) return fail(Code::invalid, "too many arguments; unexpected {}", curly(shown_words(words)));
  std::vector<Arg> result = matched;
  if (backwards) std::ranges::reverse(result);
  return result;
}

}  // namespace cli
