#!/bin/bash
# compile.sh dev|release|asan|tsan|fuzz [TARGET...]: configures once and builds, inside the build root (scripts/buildroot.sh runs it).
# dev: build-dev/, no optimisation; release: build/, for size (what is slow here waits for the kernel; CMakeLists.txt names the folders that are
# compiled for speed), stripped, with the debug symbols beside it. asan, tsan, fuzz: test programs under a sanitizer, with shared libraries.
set -eu
mode=$1
shift
case $mode in
  dev) build=build-dev flags="-O0 -g1" ;;
  release) build=build flags="-Os" hot="-O2" ;;
  asan) build=build-asan sanitize=address,undefined ;;
  tsan) build=build-tsan sanitize=thread ;;
  fuzz) build=build-fuzz sanitize=address,undefined coverage=-fsanitize-coverage=trace-pc ;;
  *) exit 2 ;;
esac
# Not optimised: compiling takes longer than what the tests run.
[ -z "${sanitize:-}" ] || flags="-O0 -g1 -fno-omit-frame-pointer -fsanitize=$sanitize"
flags="$flags -fPIC -std=gnu++23"
[ -e $build/build.ninja ] || cmake -S . -B $build -G Ninja -DCMAKE_BUILD_TYPE= -DCMAKE_CXX_FLAGS="$flags" -DCMAKE_C_FLAGS="-O2 -fPIC" \
  -DPRECOMPILED="$(scripts/precompile.sh "$flags${coverage:+ $coverage}")" ${hot:+-DHOT="$hot" -DPRECOMPILED_HOT="$(scripts/precompile.sh "$flags $hot")"} \
  ${sanitize:+-DINCUSBOX_STATIC=OFF -DINCUSBOX_FUZZ=ON} ${coverage:+-DFUZZ_COVERAGE=$coverage} \
  -DCMAKE_CXX_COMPILER=g++-14 -DCMAKE_C_COMPILER=gcc-14 > "$build.cmake.log" 2>&1 || { cat "$build.cmake.log"; exit 1; }
cmake --build $build ${1:+--target "$@"}
if [ $mode = release ] && [ $build/incusbox -nt $build/incusbox.debug ]; then  # linked anew
  cp $build/incusbox $build/incusbox.debug
  strip -o $build/incusbox.stripped $build/incusbox && mv $build/incusbox.stripped $build/incusbox
  touch -r $build/incusbox $build/incusbox.debug
fi
