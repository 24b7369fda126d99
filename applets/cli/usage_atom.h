// The elements a usage line is made of (internal to usage*.cpp).
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace cli {

struct Atom {
  enum class Kind {
    placeholder,  ///< <name>: any one word
    verbatim,     ///< that very word
    optional,     ///< [x]
    alternative,  ///< (a|b)
    compound,     ///< children joined by `separator`
    list,         ///< child repeated, joined by `separator`
    remote,       ///< [<remote>:] or <remote>: before an optional child
    flag,         ///< --name must have been given
    deprecated,   ///< the child, with a warning
  };
  Kind kind;
  std::string source;     ///< as written in the usage line
  std::string word;       ///< verbatim's word, flag's name
  char separator = ' ';
  int minimum = 1;        ///< of a list
  bool optional_remote = true;
  std::vector<Atom> children;
};

/// Compiles a whole line into its space-separated elements. Aborts on a broken line.
std::vector<Atom> compile_usage(std::string_view line, bool strict_pairs);

}  // namespace cli
