#!/bin/bash
# A fast development build in build-dev/ (no optimisation, little debug information), run by `make dev` inside the build root.
# One precompiled header of standard headers and nlohmann/json lives in the compiler cache, so that checkouts share it and ccache still hits.
set -eu
flags="-O0 -g1 -fPIC -std=gnu++23"
folder=${CCACHE_DIR:?}/pch
mkdir -p "$folder"
if [ ! -e "$folder/std.h.gch" ]; then
  printf '#include <%s>\n' algorithm atomic chrono coroutine expected format functional map memory mutex optional set string string_view thread variant vector nlohmann/json.hpp > "$folder/std.h"
  (flock 9; [ -e "$folder/std.h.gch" ] || { g++-14 $flags -c "$folder/std.h" -o "$folder/tmp.gch" && mv "$folder/tmp.gch" "$folder/std.h.gch"; }) 9> "$folder/lock"
fi
[ -e build-dev/build.ninja ] || cmake -S . -B build-dev -G Ninja -DCMAKE_BUILD_TYPE= -DCMAKE_CXX_FLAGS="$flags -include $folder/std.h" \
  -DCMAKE_CXX_COMPILER=g++-14 -DCMAKE_C_COMPILER=gcc-14 > build-dev.cmake.log 2>&1 || { cat build-dev.cmake.log; exit 1; }
exec cmake --build build-dev ${1:+--target "$@"}
