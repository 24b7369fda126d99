#!/bin/bash
# test.sh BUILD: every test that needs nothing but this machine; ends with one line "N passed, N failed" over all of them.
set -u
here=$(cd "$(dirname "$0")" && pwd)
top=$(dirname "$here") build=$1 passed=0 failed=0
cd "$top"
scripts/host-packages.sh dnsmasq:dnsmasq-base nft:nftables ip:iproute2 xz:xz-utils file:file strace:strace busybox:busybox-static curl:curl \
  mksquashfs:squashfs-tools zstd:zstd openssl:openssl xdelta3:xdelta3 qemu-img:qemu-utils qemu-system-x86_64:qemu-system-x86 \
  /usr/share/OVMF:ovmf /sbin/depmod:kmod || exit 1
# Other distributions' package managers: the suite `packages` skips what is missing.
scripts/host-packages.sh dnf:dnf zypper:zypper rpmbuild:rpm createrepo_c:createrepo-c pacman:pacman-package-manager pacstrap:arch-install-scripts \
  bsdtar:libarchive-tools || echo "without some package managers"
scripts/host-packages.sh swtpm:swtpm swtpm_setup:swtpm-tools || echo "without TPMs"

count() { # count NAME STATUS: one test
  if [ "$2" = 0 ]; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
  printf '%-6s %s\n' "$([ "$2" = 0 ] && echo ok || echo FAILED)" "$1"
}

catch2() { # catch2 PROGRAM: its test cases, each counted
  local out
  out=$("$here/buildroot.sh" run "$build/$1" --reporter compact 2>&1 < /dev/null)
  local status=$?
  echo "$out" | tail -40
  local total bad
  total=$("$here/buildroot.sh" run "$build/$1" --list-tests --verbosity quiet 2> /dev/null | grep -c .)
  bad=$(echo "$out" | sed -nE 's/.*[Ff]ailed ([0-9]+) of [0-9]+ test cases.*|.*test cases: [0-9]+ .* ([0-9]+) failed.*/\1\2/p' | tail -1)
  [ $status = 0 ] && bad=0
  [ $status != 0 ] && [ "${bad:-0}" = 0 ] && bad=1
  passed=$((passed + total - bad)) failed=$((failed + bad))
}

count layers "$(scripts/check-layers >&2; echo $?)"
count extensions "$(scripts/check-extensions >&2; echo $?)"
count sizes "$(scripts/check-size >&2; echo $?)"
count static "$(scripts/check-static "$build/incusbox" >&2; echo $?)"
catch2 unit_tests
[ -e "$build/api_tests" ] && catch2 api_tests
suites=$(mktemp)
scripts/run-suites "$build/incusbox" | tee "$suites"
passed=$((passed + $(sed -nE 's/^suites: ([0-9]+) passed.*/\1/p' "$suites")))
failed=$((failed + $(sed -nE 's/^suites: .* ([0-9]+) failed/\1/p' "$suites")))
rm -f "$suites"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
