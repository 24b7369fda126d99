#!/bin/bash
# demo-image.sh OUT.tar.xz: a small system container image (Debian's static busybox as init), a unified tarball.
set -eu
out=$1
busybox=$(command -v busybox)
file -bL "$busybox" | grep -q static || { echo "demo-image: $busybox isn't static: install busybox-static" >&2; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work"/rootfs/{bin,dev,etc,mnt,proc,root,run,sbin,sys,tmp,usr/share/udhcpc,var}
cp -L "$busybox" "$work/rootfs/bin/busybox"
"$busybox" --list | while read -r tool; do [ "$tool" = busybox ] || ln -s busybox "$work/rootfs/bin/$tool"; done
ln -sf ../bin/init "$work/rootfs/sbin/init"
cat > "$work/rootfs/etc/inittab" << 'E2'
::sysinit:/bin/hostname -F /etc/hostname
::sysinit:/bin/ip link set lo up
::respawn:/bin/udhcpc -f -i eth0 -s /usr/share/udhcpc/default.script
::ctrlaltdel:/bin/poweroff
::shutdown:/bin/true
E2
cat > "$work/rootfs/usr/share/udhcpc/default.script" << 'E2'
#!/bin/sh
[ "$1" = bound ] || [ "$1" = renew ] || exit 0
ip addr replace "$ip/${mask:-24}" dev "$interface"
[ -z "$router" ] || ip route replace default via "$router"
E2
chmod 755 "$work/rootfs/usr/share/udhcpc/default.script"
echo 'root:x:0:0:root:/root:/bin/sh' > "$work/rootfs/etc/passwd"
echo 'root:x:0:' > "$work/rootfs/etc/group"
echo demo > "$work/rootfs/etc/hostname"
chmod 1777 "$work/rootfs/tmp"
mkdir "$work/templates"
echo '{{ instance.name }}' > "$work/templates/hostname.tpl"
cat > "$work/metadata.yaml" << E2
architecture: $(uname -m)
creation_date: 1700000000
properties: {os: Busybox, description: Busybox from Debian, architecture: $(uname -m)}
templates:
  /etc/hostname: {when: [create, copy, rename], template: hostname.tpl}
E2
tar -C "$work" --owner=0 --group=0 -cJf "$out" metadata.yaml templates rootfs
