#!/bin/bash
# compile.sh dev|release|asan|tsan|fuzz [TARGET...]: configures once and builds, inside the build root (scripts/buildroot.sh runs it).
# dev: build-dev/, no optimisation; release: build/, for size (what is slow here waits for the kernel; CMakeLists.txt names the folders that are
# compiled for speed), stripped, with the debug symbols beside it. asan, tsan, fuzz: test programs under a sanitizer, with shared libraries.
#
# Standard headers and nlohmann/json are precompiled once per set of flags, in the compiler cache: half of a file's compile time is theirs, and
# because the precompiled file is shared by all checkouts, ccache hits across them too. The two json literals are left out of it: being ordinary
# inline functions, they would have the compiler instantiate the whole parser again in every file, for a fifth of its time.
set -eu
mode=$1
shift
case $mode in
  dev) build=build-dev flags="-O0 -g1" ;;
  release) build=build flags="-Os" ;;
  asan) build=build-asan sanitize=address,undefined ;;
  tsan) build=build-tsan sanitize=thread ;;
  fuzz) build=build-fuzz sanitize=address,undefined coverage=-fsanitize-coverage=trace-pc ;;
  *) exit 2 ;;
esac
# Not optimised: compiling takes longer than what the tests run.
[ -z "${sanitize:-}" ] || flags="-O0 -g1 -fno-omit-frame-pointer -fsanitize=$sanitize ${coverage:-}"
flags="$flags -fPIC -std=gnu++23"
folder=${CCACHE_DIR:?}/pch-$({ echo "$flags"; g++-14 --version; cat "$0"; } | sha256sum | cut -c1-8)
mkdir -p "$folder"
(
  flock 9
  if [ ! -e "$folder/std.h.gch" ]; then
    mkdir -p "$folder/nlohmann"
    sed '/@brief user-defined string literal for JSON values/,/^}  \/\/ namespace json_literals/{/^}  \/\/ namespace json_literals/!d}' \
      /usr/include/nlohmann/json.hpp > "$folder/nlohmann/json.hpp"
    echo '#define JSON_USE_GLOBAL_UDLS 0' > "$folder/std.h"
    printf '#include <%s>\n' algorithm atomic chrono coroutine expected format functional map memory mutex optional set string string_view thread variant vector >> "$folder/std.h"
    echo '#include "nlohmann/json.hpp"' >> "$folder/std.h"
    g++-14 $flags -c "$folder/std.h" -o "$folder/new.gch" && mv "$folder/new.gch" "$folder/std.h.gch"
  fi
) 9> "$folder/lock"
[ -e $build/build.ninja ] || cmake -S . -B $build -G Ninja -DCMAKE_BUILD_TYPE= -DCMAKE_CXX_FLAGS="$flags -include $folder/std.h" -DCMAKE_C_FLAGS="-O2 -fPIC" \
  ${sanitize:+-DINCUSBOX_STATIC=OFF -DINCUSBOX_FUZZ=ON} \
  -DCMAKE_CXX_COMPILER=g++-14 -DCMAKE_C_COMPILER=gcc-14 > "$build.cmake.log" 2>&1 || { cat "$build.cmake.log"; exit 1; }
cmake --build $build ${1:+--target "$@"}
if [ $mode = release ] && [ -e $build/incusbox ]; then
  cp $build/incusbox $build/incusbox.debug
  strip -o $build/incusbox.stripped $build/incusbox && mv $build/incusbox.stripped $build/incusbox
fi
