#!/bin/bash
# bench.sh BINARY [SECTION...]: ours and the real Incus side by side in one run, medians and how many times better ours is. PEER names the program
# that has the real one (`PEER bench -p FOLDER -o OUT SECTION…`, `PEER up|in|down NAME`; PEER_BINDS mounts folders in, PEER_PATH goes first on PATH).
#
# Sections: those of PEER bench, and `lists`: lists of 0, 100 and 1000 instances with one client and eight, p50, p99 and CPU per request, memory
# and restart (LIST_COUNTS="0 100" for less), and, only if named, `images`: import, first and further instances of each image file in the folder IMAGES,
# on `dir` in memory, on `dir` on an XFS that shares blocks, and on `btrfs`. `vm`: starts and memory of virtual machines (`PEER start-vm NAME`;
# MACHINES="1 4 8" of them at once); what only ours has is listed without a ratio. None named: all but `images`. Tables are left in OUT (default bench-results).
set -eu
: "${PEER:?set PEER to the program that runs the real Incus beside ours}"
top=$(cd "$(dirname "$0")/.." && pwd)
binary=$(readlink -f "$1")
shift
mkdir -p "${OUT:=bench-results}"
OUT=$(cd "$OUT" && pwd)
work=$(mktemp -d)
name=lists$$
trap '"$PEER" down $name > /dev/null 2>&1; rm -rf "$work"' EXIT
mkdir "$work/bin"
cp "$binary" "$work/bin/incusbox"
"$work/bin/incusbox" --install "$work/bin"

lists() {
  (cd "$top" && scripts/buildroot.sh run gcc-14 -O2 -static -pthread -o bench-load.out tests/bench/load.c)
  mv "$top/bench-load.out" "$work/load"
  cp "$top/tests/bench/lists.py" "$work/"
  mkdir -p "$work/out"
  echo "$work /bench" > "$work/binds"
  PEER_BINDS=$work/binds "$PEER" up $name
  local side
  for side in real ours; do
    PEER_PATH=$([ $side = ours ] && echo /bench/bin || true) "$PEER" in $name \
      python3 /bench/lists.py /bench/out/$side.tsv /bench/load ${LIST_COUNTS:-0 100 1000} > "$OUT/lists.$side.log" 2>&1 ||
      { tail -3 "$OUT/lists.$side.log" >&2; return 1; }
  done
  "$PEER" down $name
  compare lists
}

images() {
  cp "$top/tests/bench/images.py" "$work/"
  mkdir -p "$work/out"
  printf '%s /bench\n%s /images\n' "$work" "$(readlink -f "${IMAGES:?a folder of images}")" > "$work/binds"
  PEER_BINDS=$work/binds "$PEER" up $name
  "$PEER" in $name bash -c 'mkdir -p /run/xfs /run/base && mount -t tmpfs -o mode=711 tmpfs /run/base && truncate -s 6G /run/base/xfs.img && mkfs.xfs -q -m reflink=1 /run/base/xfs.img && mount -o loop /run/base/xfs.img /run/xfs'
  local side
  for side in real ours; do
    "$PEER" in $name mkdir /run/xfs/$side
    PEER_PATH=$([ $side = ours ] && echo /bench/bin || true) "$PEER" in $name env BENCH_DIR=/run/base/$side \
      python3 /bench/images.py /bench/out/$side.tsv /images memory=dir shared=dir:/run/xfs/$side btrfs=btrfs > "$OUT/images.$side.log" 2>&1 ||
      { tail -3 "$OUT/images.$side.log" >&2; return 1; }
  done
  "$PEER" down $name
  compare images
}

vm() {
  "$top/scripts/make-guest" -b "$binary" "$work/guest" > /dev/null
  cp "$top/tests/bench/machines.py" "$work/"
  mkdir -p "$work/out"
  echo "$work /bench" > "$work/binds"
  PEER_BINDS=$work/binds "$PEER" start-vm $name
  "$PEER" in $name env RUNS="${RUNS:-10}" MACHINES="${MACHINES:-1 4 8}" python3 /bench/machines.py /bench/out/real.tsv /bench/out/ours.tsv /bench/bin /bench/guest/guest.tar.xz > "$OUT/vm.log" 2>&1 ||
    { tail -3 "$OUT/vm.log" >&2; return 1; }
  "$PEER" down $name
  compare vm
  awk -F'\t' 'FNR==NR{real[$1]; next} !($1 in real){printf "%s\t-\t%s\t%s\t-\n", $1, $2, $3}' "$work/out/real.tsv" "$work/out/ours.tsv" | tee -a "$OUT/vm.tsv"
}

compare() { # compare SECTION: rates: more is better; everything else: less
  awk -F'\t' 'BEGIN{print "metric\treal\tours\tunit\ttimes better"} FNR==NR{real[$1]=$2; next} ($1 in real) && $2>0 && real[$1]>0 {
    printf "%s\t%s\t%s\t%s\t%.2f\n", $1, real[$1], $2, $3, $3=="req/s" ? $2/real[$1] : real[$1]/$2}' "$work/out/real.tsv" "$work/out/ours.tsv" | tee "$OUT/$1.tsv"
}

theirs=
for section in "$@"; do case $section in lists | images | vm) ;; *) theirs="$theirs $section" ;; esac; done
# shellcheck disable=SC2086
if [ -n "$theirs" ] || [ $# = 0 ]; then "$PEER" bench -p "$work/bin" -o "$OUT" $theirs; fi
case " $* " in "  " | *" lists "*) lists ;; esac
case " $* " in *" images "*) images ;; esac
case " $* " in "  " | *" vm "*) vm ;; esac
