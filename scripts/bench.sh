#!/bin/bash
# bench.sh BINARY: ours and the real Incus side by side in one run; PEER names the program that has the real one (`PEER bench -p FOLDER -o OUT`).
set -eu
: "${PEER:?set PEER to the program that runs the real Incus beside ours}"
binary=$(readlink -f "$1")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cp "$binary" "$folder/incusbox"
"$folder/incusbox" --install "$folder"
shift
"$PEER" bench -p "$folder" -o "${OUT:-bench-results}" "$@"
