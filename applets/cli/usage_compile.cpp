// From the text of a usage line to its elements.
#include <cstdio>
#include <cstdlib>

#include "applets/cli/usage_atom.h"

namespace cli {

namespace {

using Kind = Atom::Kind;

[[noreturn]] void broken(std::string_view line) {
  std::fprintf(stderr, "incus: broken usage line: %.*s\n", static_cast<int>(line.size()), line.data());
  std::abort();
}

/// Cuts `text` at `separator` outside of brackets.
std::vector<std::string_view> cut(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  int depth = 0;
  size_t start = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '<' || c == '[' || c == '(') ++depth;
    if (c == '>' || c == ']' || c == ')') --depth;
    if (depth < 0) broken(text);
    if (depth == 0 && c == separator) {
      parts.push_back(text.substr(start, i - start));
      start = i + 1;
    }
  }
  if (depth != 0) broken(text);
  parts.push_back(text.substr(start));
  return parts;
}

/// Length of the bracketed piece or single character at the start of `text`.
size_t piece_length(std::string_view text) {
  int depth = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '<' || c == '[' || c == '(') ++depth;
    if (c == '>' || c == ']' || c == ')') --depth;
    if (depth == 0) return i + 1;
  }
  broken(text);
}

class Compiler {
 public:
  explicit Compiler(bool strict_pairs) : strict_pairs_(strict_pairs) {}

  std::vector<Atom> sequence(std::string_view text) {
    std::vector<Atom> atoms;
    for (std::string_view word : cut(text, ' ')) {
      if (word.empty() || word == "[flags]") continue;
      atoms.push_back(element(word));
    }
    return atoms;
  }

 private:
  Atom one(std::string_view text) {
    std::vector<Atom> atoms = sequence(text);
    if (atoms.size() == 1) return std::move(atoms[0]);
    return Atom{.kind = Kind::compound, .source = std::string(text), .children = std::move(atoms)};
  }

  Atom element(std::string_view text) {
    if (text.starts_with("[<") && !text.starts_with("[<type>/")) {
      size_t length = piece_length(text);
      if (text.substr(0, length).ends_with(">:]")) return remote(text, text.substr(length), true);
      if (text.substr(0, length).ends_with(">:...]")) return remote_list(text);
    }
    if (text.ends_with("...") && text[0] != '[') return list(text, text.substr(0, text.size() - 3), ' ');
    if (text.ends_with(">:")) return Atom{.kind = Kind::remote, .source = std::string(text), .optional_remote = false};
    size_t length = piece_length(text);
    if (length < text.size() && text.substr(length).starts_with("[,")) return list(text, text.substr(0, length), ',');
    return joined(text);
  }

  /// [<remote>:]x; a list after it is a list of such elements.
  Atom remote(std::string_view text, std::string_view rest, bool optional) {
    if (rest.ends_with("...") && rest[0] != '[') return list(text, text.substr(0, text.size() - 3), ' ');
    Atom atom{.kind = Kind::remote, .source = std::string(text), .optional_remote = optional};
    if (!rest.empty()) atom.children.push_back(element(rest));
    return atom;
  }

  Atom remote_list(std::string_view text) {
    Atom item{.kind = Kind::remote, .source = std::string(text), .optional_remote = false};
    return Atom{.kind = Kind::list, .source = std::string(text), .minimum = 0, .children = {std::move(item)}};
  }

  Atom list(std::string_view source, std::string_view item, char separator) {
    Atom child = element(item);
    child.source = item;
    return Atom{.kind = Kind::list, .source = std::string(source), .separator = separator, .children = {std::move(child)}};
  }

  /// Pieces joined by '/' or '=', or a single piece.
  Atom joined(std::string_view text) {
    if (piece_length(text) == text.size()) return piece(text);
    if (text.find('<') == std::string_view::npos && text[0] != '[' && text[0] != '(') return verbatim(text);
    char separator = text.contains('=') ? '=' : '/';
    Atom atom{.kind = Kind::compound, .source = std::string(text), .separator = separator};
    while (!text.empty()) {
      if (text[0] == separator) {
        text.remove_prefix(1);
        continue;
      }
      size_t length = piece_length(text);
      atom.children.push_back(path_piece(text.substr(0, length), separator));
      text.remove_prefix(length);
    }
    if (separator == '=' && !strict_pairs_) return with_deprecated_pair(std::move(atom));
    return atom;
  }

  /// One piece of a path; "[<type>/]" and "[/<snapshot>]" carry their separator inside the brackets.
  Atom path_piece(std::string_view text, char separator) {
    if (text[0] != '[') return text == "<type>" ? volume_type() : one(text);
    std::string_view inner = text.substr(1, text.size() - 2);
    if (inner.starts_with(separator)) inner.remove_prefix(1);
    if (inner.ends_with(separator)) inner.remove_suffix(1);
    Atom child = inner == "<type>" ? volume_type() : one(inner);
    return Atom{.kind = Kind::optional, .source = std::string(text), .children = {std::move(child)}};
  }

  static Atom volume_type() {
    Atom atom{.kind = Kind::alternative, .source = "<type>"};
    for (const char* type : {"custom", "image", "container", "virtual-machine"}) atom.children.push_back(verbatim(type));
    return atom;
  }

  static Atom with_deprecated_pair(Atom pair) {
    Atom words{.kind = Kind::compound, .source = "<key> <value>", .children = pair.children};
    Atom old{.kind = Kind::deprecated, .source = "<key> <value>", .children = {std::move(words)}};
    return Atom{.kind = Kind::alternative, .source = pair.source, .children = {pair, std::move(old)}};
  }

  Atom piece(std::string_view text) {
    std::string_view inner = text.size() > 1 ? text.substr(1, text.size() - 2) : text;
    switch (text[0]) {
      case '<': return Atom{.kind = Kind::placeholder, .source = std::string(text)};
      case '[': return Atom{.kind = Kind::optional, .source = std::string(text), .children = {one(inner)}};
      case '(': {
        Atom atom{.kind = Kind::alternative, .source = std::string(text)};
        for (std::string_view branch : cut(inner, '|')) atom.children.push_back(one(branch));
        return atom;
      }
      default: return verbatim(text);
    }
  }

  static Atom verbatim(std::string_view text) {
    if (text.size() > 2 && text.starts_with("--")) return Atom{.kind = Kind::flag, .source = std::string(text), .word = std::string(text.substr(2))};
    return Atom{.kind = Kind::verbatim, .source = std::string(text), .word = std::string(text)};
  }

  bool strict_pairs_;
};

}  // namespace

std::vector<Atom> compile_usage(std::string_view line, bool strict_pairs) { return Compiler(strict_pairs).sequence(line); }

}  // namespace cli
