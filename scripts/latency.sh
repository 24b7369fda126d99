#!/bin/bash
# latency.sh BINARY: how long other calls take while one thing fails, hangs or keeps the disk busy (tests/bench/latency.sh): per call its number,
# median, 99th percentile and worst in milliseconds, and how many failed. METER_ENTRIES, METER_ZEROS and METER_NOISE size the load.
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d /var/tmp/incusbox-latency.XXXXXX)
trap 'rm -rf "$work"' EXIT
(cd "$top" && scripts/buildroot.sh run gcc-14 -O2 -static -pthread -o latency.out tests/bench/latency.c)
mv "$top/latency.out" "$work/latency"
chmod 711 "$work"
METER=$work/latency METER_OUT=$work/table SUITE_TIMEOUT=1200 "$top/scripts/run-suites" "$1" "$top/tests/bench/latency.sh"
cat "$work/table"
