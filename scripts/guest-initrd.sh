#!/bin/bash
# guest-initrd.sh BINARY OUT KERNEL_FOLDER VERSION MODULE...: the small guest's file system in memory: BINARY as init, Debian's busybox, and the modules with
# all that they need. Modules that the kernel lacks or has built in are left out.
set -eu
binary=$1 out=$2 kernel=$3 version=$4
shift 4
modules=$kernel/lib/modules/$version
busybox=$(command -v busybox)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work"/{bin,dev,etc,mnt,proc,root,run,sbin,sys,tmp,usr/bin,usr/sbin,var/log} "$work/lib/modules/$version"
mknod -m 600 "$work/dev/console" c 5 1
cp -L "$busybox" "$work/bin/busybox"
"$busybox" --list | while read -r tool; do [ "$tool" = busybox ] || ln -s busybox "$work/bin/$tool"; done
ln -s ../bin/busybox "$work/sbin/modprobe"
ln -s ../bin/busybox "$work/sbin/poweroff"
ln -s ../bin/busybox "$work/sbin/reboot"
if ! strip -o "$work/init.new" "$binary" 2> /dev/null; then cp "$binary" "$work/init.new"; fi
mv "$work/init.new" "$work/bin/incusbox"
# The kernel runs /init without a word that says which role it is to be.
printf '#!/bin/busybox sh\nexec /bin/guest-init\n' > "$work/init"
chmod 755 "$work/bin/incusbox" "$work/init"
for role in guest-init incus-agent; do ln -s incusbox "$work/bin/$role"; done
echo 'root:x:0:0:root:/root:/bin/sh' > "$work/etc/passwd"
echo 'root:x:0:' > "$work/etc/group"
echo 'root::::::::' > "$work/etc/shadow"
printf '127.0.0.1 localhost\n::1 localhost\n' > "$work/etc/hosts"
echo guest > "$work/etc/hostname"
printf 'NAME="incusbox guest"\nID=incusbox-guest\nVERSION_ID=%s\n' "$version" > "$work/etc/os-release"
# modules.dep names each module's file and then all others it needs.
printf '%s\n' "$@" | awk -v list="$modules/modules.dep" '
  { wanted[$1] = 1 }
  END { while ((getline line < list) > 0) { n = split(line, word, /:? +|:$/); name = word[1]; sub(/.*\//, "", name); sub(/\.ko.*/, "", name); gsub(/-/, "_", name)
          if (name in wanted) for (i = 1; i <= n; i++) if (word[i] != "") print word[i] } }' | sort -u > "$work/list"
tar -C "$modules" -cf - -T "$work/list" | tar -C "$work/lib/modules/$version" -xf -
find "$work/lib/modules" -name '*.ko.xz' -exec unxz {} +
find "$work/lib/modules" -name '*.ko.zst' -exec zstd -q -d --rm {} +
cp "$modules"/modules.{order,builtin,builtin.modinfo} "$work/lib/modules/$version/" 2> /dev/null || true
rm "$work/list"
/sbin/depmod -b "$work" "$version"
rm -f "$work/lib/modules/$version"/modules.{*.bin,symbols,softdep,devname,order,builtin,builtin.modinfo}
(cd "$work" && find . -print0 | sort -z | "$busybox" cpio -0 -o -H newc 2> /dev/null) > "$out"
