#!/bin/bash
# precompile.sh FLAGS: precompiles standard headers and nlohmann/json for files that are compiled with FLAGS; prints the header's path.
#
# Made once per set of flags, in the compiler cache: all checkouts share it, so ccache hits across them too. Of two headers a changed copy comes first,
# because what they have every file compile again is two fifths of a full build:
# - <format>: the engine beneath std::format is a template that is always instantiated alike, some 40 KB of machine code in every file that formats
#   anything, and another time for wchar_t, which nobody here formats. The copy leaves the engine to one file (lib/base/format_engine.cpp).
# - nlohmann/json: its two literals are ordinary inline functions and have the whole parser instantiated, whether used or not.
set -eu
flags=$1
compiler=g++-14
folder=${CCACHE_DIR:?}/pch-$({ echo "$flags"; $compiler --version; cat "$0"; } | sha256sum | cut -c1-8)
mkdir -p "$folder/nlohmann"
exec 9> "$folder/lock"
flock 9
if [ ! -e "$folder/std.h.gch" ]; then
  standard=$(echo '#include <format>' | $compiler -std=gnu++23 -x c++ -M - | grep -om1 '/[^ ]*/format$\|/[^ ]*/format ' | tr -d ' ')
  sed -e 's/#ifdef _GLIBCXX_USE_WCHAR_T/#if 0/' -e '/^    inline _Out$/{N;s/inline _Out\n    __do_vformat_to(/_Out\n    __do_vformat_to(/}' "$standard" > "$folder/format"
  sed '/@brief user-defined string literal for JSON values/,/^}  \/\/ namespace json_literals/{/^}  \/\/ namespace json_literals/!d}' \
    /usr/include/nlohmann/json.hpp > "$folder/nlohmann/json.hpp"
  {
    echo '#define JSON_USE_GLOBAL_UDLS 0'
    echo '#include "format"'
    echo '#define FORMAT_ENGINE std::__format::_Sink_iter<char> std::__format::__do_vformat_to(std::__format::_Sink_iter<char>, std::string_view, const std::format_args&, const std::locale*)'
    echo 'extern template FORMAT_ENGINE;'
    printf '#include <%s>\n' algorithm atomic chrono coroutine expected functional map memory mutex optional set string string_view thread variant vector
    echo '#include "nlohmann/json.hpp"'
  } > "$folder/std.h"
  # shellcheck disable=SC2086
  $compiler $flags -c "$folder/std.h" -o "$folder/new.gch"
  mv "$folder/new.gch" "$folder/std.h.gch"
fi
echo "$folder/std.h"
