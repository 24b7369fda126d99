// Which elements of a usage line the cursor may stand at.
#include <algorithm>
#include <set>

#include "applets/cli/complete.h"
#include "applets/cli/usage_atom.h"

namespace cli {

namespace {

using Kind = Atom::Kind;

/// "<pool>" -> "pool"
std::string_view placeholder_of(const Atom& atom) {
  std::string_view source = atom.source;
  size_t open = source.find('<'), close = source.find('>', open);
  return open == source.npos || close == source.npos ? source : source.substr(open + 1, close - open - 1);
}

bool may_be_left_out(const Atom& atom) {
  switch (atom.kind) {
    case Kind::optional:
    case Kind::flag: return true;
    case Kind::list: return atom.minimum == 0;
    case Kind::remote: return atom.optional_remote && (atom.children.empty() || may_be_left_out(atom.children[0]));
    case Kind::alternative: return std::ranges::any_of(atom.children, may_be_left_out);
    case Kind::deprecated: return may_be_left_out(atom.children[0]);
    default: return false;
  }
}

/// Could `word` stand here? Only fixed words can say no.
bool fits(const Atom& atom, const std::string& word) {
  if (atom.kind == Kind::verbatim) return atom.word == word;
  if (atom.kind == Kind::alternative) return std::ranges::any_of(atom.children, [&](const Atom& child) { return fits(child, word); });
  return atom.kind != Kind::flag;
}

bool repeats(const Atom& atom) {
  if (atom.kind == Kind::list) return atom.separator == ' ';
  return (atom.kind == Kind::optional || atom.kind == Kind::deprecated) && repeats(atom.children[0]);
}

/// Elements that may come next, those behind optional ones included.
void reach(const std::vector<Atom>& atoms, size_t at, std::set<size_t>& states) {
  for (; states.insert(at).second && at < atoms.size() && may_be_left_out(atoms[at]); ++at) {
  }
}

std::set<size_t> states_after(const std::vector<Atom>& atoms, const StringList& words) {
  std::set<size_t> states;
  reach(atoms, 0, states);
  for (const std::string& word : words) {
    std::set<size_t> next;
    for (size_t at : states) {
      if (at >= atoms.size() || !fits(atoms[at], word)) continue;
      if (repeats(atoms[at])) next.insert(at);
      reach(atoms, at + 1, next);
    }
    states = std::move(next);
  }
  return states;
}

/// Follows an element's structure down to its placeholders, either to remember what a finished word said or to offer what may come.
class Walker {
 public:
  Walker(Call& call, Offers& offers) : call_(call), offers_(offers), remote_(call.config.default_remote) {}

  void remember(const Atom& atom, std::string_view text) {
    walk(atom, text, "", "", [this](const Atom& leaf, std::string_view value, const std::string&, const std::string&) {
      if (leaf.kind == Kind::placeholder && !value.empty()) names_.emplace(placeholder_of(leaf), value);
    }, true);
  }

  void offer(const Atom& atom, std::string_view text) {
    walk(atom, text, "", "", [this](const Atom& leaf, std::string_view value, const std::string& prefix, const std::string& suffix) {
      if (leaf.kind == Kind::verbatim) return suffix.empty() ? offers_.add(prefix + leaf.word) : offers_.add_open(prefix + leaf.word + suffix);
      complete_value({call_, names_, remote_, prefix, suffix}, placeholder_of(leaf), value, offers_);
    }, false);
  }

 private:
  using Use = std::function<void(const Atom& leaf, std::string_view value, const std::string& prefix, const std::string& suffix)>;

  void walk(const Atom& atom, std::string_view text, const std::string& prefix, const std::string& suffix, const Use& use, bool finished) {
    switch (atom.kind) {
      case Kind::placeholder:
      case Kind::verbatim: return use(atom, text, prefix, suffix);
      case Kind::flag: return;
      case Kind::deprecated:
        if (!finished) return;  // understood, but not to be learnt
        [[fallthrough]];
      case Kind::optional: return walk(atom.children[0], text, prefix, suffix, use, finished);
      case Kind::alternative:
        for (const Atom& child : atom.children) walk(child, text, prefix, suffix, use, finished);
        return;
      case Kind::list: {
        size_t comma = atom.separator == ',' ? text.rfind(',') : text.npos;
        size_t start = comma == text.npos ? 0 : comma + 1;
        return walk(atom.children[0], text.substr(start), prefix + std::string(text.substr(0, start)), suffix, use, finished);
      }
      case Kind::remote: return walk_remote(atom, text, prefix, suffix, use, finished);
      case Kind::compound: return walk_pieces(atom, text, prefix, suffix, use, finished);
    }
  }

  void walk_remote(const Atom& atom, std::string_view text, const std::string& prefix, const std::string& suffix, const Use& use, bool finished) {
    size_t colon = text.find(':');
    bool named = colon != text.npos && call_.config.remotes.contains(std::string(text.substr(0, colon)));
    if (named) {
      remote_ = text.substr(0, colon);
      if (atom.children.empty()) return;
      return walk(atom.children[0], text.substr(colon + 1), prefix + std::string(text.substr(0, colon + 1)), suffix, use, finished);
    }
    if (!finished) {
      for (const auto& [name, remote] : call_.config.remotes) {
        bool ends_here = atom.children.empty() || atom.children[0].kind == Kind::optional;
        if (ends_here) offers_.add(prefix + name + ":");
        else offers_.add_open(prefix + name + ":");
      }
    }
    if (!atom.children.empty()) walk(atom.children[0], text, prefix, suffix, use, finished);
  }

  /// a/b and k=v: which piece the end of the text is in depends on how many separators it has; a head like `[<type>/]` may be missing.
  void walk_pieces(const Atom& atom, std::string_view text, const std::string& prefix, const std::string& suffix, const Use& use, bool finished) {
    if (atom.separator == ' ') return walk(atom.children[0], text, prefix, suffix, use, finished);
    const auto& pieces = atom.children;
    size_t count = static_cast<size_t>(std::ranges::count(text, atom.separator)), index = 0, start = 0;
    bool headless = pieces.front().kind == Kind::optional && pieces.size() > 1 && count == 0;
    std::string separator(1, atom.separator);
    if (headless && finished) return walk(pieces[1], text, prefix, suffix, use, finished);
    for (; count > 0 && index + 1 < pieces.size(); --count, ++index) {
      size_t end = text.find(atom.separator, start);
      std::string_view head = text.substr(start, end - start);
      walk(pieces[index], head, "", "", [this](const Atom& leaf, std::string_view value, const std::string&, const std::string&) {
        if (leaf.kind == Kind::placeholder) names_.insert_or_assign(std::string(placeholder_of(leaf)), std::string(value));
      }, true);
      if (pieces[index].source.contains("<type>")) names_.insert_or_assign("type", std::string(head));
      start = end + 1;
    }
    bool more = index + 1 < pieces.size();
    bool must_go_on = more && (pieces[index + 1].kind != Kind::optional || headless);
    walk(pieces[index], text.substr(start), prefix + std::string(text.substr(0, start)), must_go_on ? separator : suffix, use, finished);
    if (headless) walk(pieces[1], text, prefix, suffix, use, finished);
  }

  Call& call_;
  Offers& offers_;
  KnownNames names_;
  std::string remote_;
};

}  // namespace

void complete_arguments(Call& call, const StringList& words, Offers& offers) {
  std::vector<Atom> atoms = compile_usage(call.command.usage, call.command.options & kStrictPairs);
  for (size_t state : states_after(atoms, words)) {
    if (state >= atoms.size()) continue;
    Walker walker(call, offers);
    // Words and elements are paired from the front: optional ones that were left out are rare before others.
    for (size_t i = 0; i < words.size() && i < state; ++i) walker.remember(atoms[i], words[i]);
    walker.offer(atoms[state], offers.typed);
  }
}

}  // namespace cli
