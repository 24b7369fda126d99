#!/bin/bash
# fuzz.sh BUILD [SECONDS [NAME...]]: each fuzz target of tests/fuzz for so long, from its seeds (tests/fuzz/seeds). A target that crashes, or hangs on one input for
# 20 s, leaves that input in fuzz-NAME.input: make a line of the seeds of it, so that every later run begins with it.
set -u
# As without the sanitizer: C libraries that ask for impossible amounts of memory get none, and say so.
export ASAN_OPTIONS=allocator_may_return_null=1
build=$1 seconds=${2:-60} failed=0
shift $(($# < 2 ? $# : 2))
for source in tests/fuzz/*.cpp; do
  name=$(basename "$source" .cpp) seeds=tests/fuzz/seeds/$(basename "$source" .cpp)
  [ "$name" = driver ] && continue
  case " ${*:-$name} " in *" $name "*) ;; *) continue ;; esac
  printf '%-16s ' "$name"
  if "$build/fuzz_$name" -d "$seeds" -t "$seconds" -o "$build/fuzz-$name.record" > "$build/fuzz-$name.log" 2>&1; then
    tail -1 "$build/fuzz-$name.log"
  else
    failed=1
    # The record: 8 bytes of length, then the input.
    size=$(od -An -t u8 -N 8 "$build/fuzz-$name.record" | tr -d ' ')
    tail -c +9 "$build/fuzz-$name.record" | head -c "$size" > "fuzz-$name.input"
    echo "FAILED, the input is in fuzz-$name.input"
    tail -20 "$build/fuzz-$name.log"
  fi
done
exit $failed
