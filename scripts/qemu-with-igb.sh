#!/bin/bash
# qemu-with-igb.sh: prints the path of a QEMU with the network card igb, which has virtual functions (QEMU 8.0): this machine's, or Debian 13's, which apt
# fetches once (INCUSBOX_CACHE, default /var/cache/incusbox) and which runs with its own libraries; nothing is installed.
set -eu
has_igb() { "$1" -device igb,help 2> /dev/null | grep -q '^igb options'; }  # a list of all devices would load modules of another QEMU
own=$(command -v qemu-system-x86_64 || true)
if [ -n "$own" ] && has_igb "$own"; then echo "$own"; exit; fi
here=$(cd "$(dirname "$0")" && pwd)
cache=${INCUSBOX_CACHE:-/var/cache/incusbox}/qemu-with-igb
if [ ! -e "$cache/.ready" ]; then
  rm -rf "$cache" && mkdir -p "$cache/apt/archives/partial"
  "$here/buildroot.sh" make >&2
  root=$("$here/buildroot.sh" path)
  # What the build root has already is not fetched again.
  cat > "$cache/apt.conf" <<END
Dir::State::lists "$root/var/lib/apt/lists";
Dir::State::status "$root/var/lib/dpkg/status";
Dir::Etc::sourcelist "$root/etc/apt/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Cache "$cache/apt";
END
  APT_CONFIG=$cache/apt.conf apt-get install -q -y --no-install-recommends --download-only qemu-system-x86 > "$cache/apt.log" 2>&1 || { tail -5 "$cache/apt.log" >&2; exit 1; }
  for package in "$cache"/apt/archives/*.deb; do dpkg-deb -x "$package" "$cache/root"; done
  rm -r "$cache/apt"
  share=$cache/root/usr/share libraries=usr/lib/x86_64-linux-gnu
  cat > "$cache/qemu-system-x86_64" <<END
#!/bin/sh
export QEMU_MODULE_DIR=$cache/root/$libraries/qemu
exec $root/usr/lib64/ld-linux-x86-64.so.2 --argv0 qemu-system-x86_64 --library-path $cache/root/$libraries:$root/$libraries $cache/root/usr/bin/qemu-system-x86_64 \\
  -L $share/qemu -L $share/seabios -L $cache/root/usr/lib/ipxe/qemu "\$@"
END
  chmod 755 "$cache/qemu-system-x86_64"
  has_igb "$cache/qemu-system-x86_64" || { echo "qemu-with-igb: Debian 13's QEMU does not run here" >&2; exit 1; }
  touch "$cache/.ready"
fi
echo "$cache/qemu-system-x86_64"
