# incus-image: images from definition files and from a machine's own root. Everything comes from local files: no mirror is needed.

make_definition() {
  mkdir -p "$SUITE_DIR/base"
  tar -C "$SUITE_DIR/base" -xf "$TEST_IMAGE"
  tar -C "$SUITE_DIR/base/rootfs" -cf "$SUITE_DIR/root.tar" .
  mkdir "$SUITE_DIR/extra"
  echo copied > "$SUITE_DIR/extra/file"
  echo one > "$SUITE_DIR/extra/early"
  mkdir "$SUITE_DIR/extra/lately"
  echo two > "$SUITE_DIR/extra/lately/two"
  cat > "$SUITE_DIR/image.yaml" << E2
image: {distribution: bb, release: 1, variant: default, description: "Busybox {{ image.release }}", expiry: 10d}
source: {downloader: rootfs-http, url: "file://$SUITE_DIR/root.tar"}
mappings: {architecture_map: debian}
environment: {variables: [{key: WORD, value: spoken}]}
files:
- {generator: dump, path: /etc/dumped, content: "{{ image.distribution }} {{ image.architecture_mapped }}", templated: true, mode: "0640", gid: "5"}
- {generator: dump, path: /etc/never, content: x, releases: [2]}
- {generator: copy, path: /opt/extra, source: "$SUITE_DIR/extra"}
- {generator: copy, path: /opt/some, source: "$SUITE_DIR/extra/*ly"}
- {generator: remove, path: /mnt}
- {generator: hostname, path: /etc/hostname}
- {generator: hosts, path: /etc/hosts}
- {generator: template, name: note.tpl, path: /etc/note, content: "{{ container.name }} {{ properties.word }}", template: {when: [create], properties: {word: hello}}}
- {generator: cloud-init, name: user-data}
actions:
- trigger: post-files
  action: |-
    #!/bin/sh -e
    echo "\$WORD \$\$" > /etc/acted
    mount -t tmpfs none /mnt 2> /dev/null || true
    test -c /dev/null && test -e /proc/self/status
    sleep 1000 &
- {trigger: post-unpack, variants: [other], action: "#!/bin/sh\nexit 1"}
E2
}

test_build() {
  prepare
  make_definition
  cd "$SUITE_DIR"
  incus-image validate image.yaml
  export SOURCE_DATE_EPOCH=1700000000
  incus-image build-incus image.yaml one > built
  incus-image build-incus image.yaml two
  expect "" diff -r one two
  incus-image build-incus image.yaml uni --type=unified --compression=zstd | grep '^uni/' > name
  incus-image build-incus image.yaml uni2 --type=unified --compression=zstd
  expect "" diff -r uni uni2
  expect "" sh -c 'ls -d /var/tmp/incus-image.* 2> /dev/null | xargs -r mount | grep incus-image || true'
  incus image import one/incus.tar.xz one/rootfs.squashfs --alias split
  incus image import "$(cat name)" --alias unified
  expect "Busybox 1" incus image get-property split description
  for image in split unified; do
    incus launch $image "c-$image"
    expect "bb $(dpkg --print-architecture)" incus exec "c-$image" -- cat /etc/dumped
    expect "640 5" incus exec "c-$image" -- stat -c '%a %g' /etc/dumped
    expect "spoken 2" incus exec "c-$image" -- cat /etc/acted
    expect copied incus exec "c-$image" -- cat /opt/extra/file
    expect "$(printf 'one\ntwo')" incus exec "c-$image" -- cat /opt/some/early /opt/some/lately/two
    refuse 'No such file' incus exec "c-$image" -- ls /opt/some/file
    expect "c-$image hello" incus exec "c-$image" -- cat /etc/note
    expect "c-$image" incus exec "c-$image" -- cat /etc/hostname
    incus exec "c-$image" -- grep -q "c-$image" /etc/hosts
    incus exec "c-$image" -- grep -q '#cloud-config' /var/lib/cloud/seed/nocloud-net/user-data
    refuse 'No such file' incus exec "c-$image" -- ls /etc/never
    incus delete -f "c-$image"
  done
  # A folder, changed by hand, packed.
  incus-image build-dir image.yaml dir
  echo changed > dir/etc/changed
  incus-image pack-incus image.yaml dir packed --type=unified --compression=none | grep -q '^packed/.*tar$'
  tar -tf packed/*.tar | grep -q '^rootfs/etc/changed$'
  cd /
}

# A manager that the definition describes: what is called, and in which order.
test_custom_manager() {
  make_definition
  cd "$SUITE_DIR"
  cat >> image.yaml << 'E2'
- trigger: post-unpack
  action: |-
    #!/bin/sh
    printf '#!/bin/sh\nprintf "%%s|" "$@" >> /called\necho >> /called\n' > /bin/own
    chmod 755 /bin/own
packages:
  custom_manager:
    flags: [-g]
    refresh: {cmd: own, flags: [refresh]}
    update: {cmd: own, flags: [up]}
    install: {cmd: own, flags: [in, "it's"]}
    remove: {cmd: own, flags: [out]}
    clean: {cmd: own, flags: [clean]}
  update: true
  cleanup: true
  sets:
  - {action: install, packages: [a, b], flags: [-x]}
  - {action: remove, packages: [c]}
E2
  incus-image build-dir image.yaml dir
  expect "$(printf '%s\n' '-g|refresh|' '-g|up|' "-g|in|it's|-x|a|b|" '-g|out|c|' '-g|clean|')" cat dir/called
  refuse 'exclude each other' incus-image validate image.yaml -o packages.manager=apt
  refuse 'no command for clean' incus-image validate <(sed '/ clean: {/d' image.yaml)
  cd /
}

test_failed_builds_leave_nothing() {
  make_definition
  cd "$SUITE_DIR"
  mkdir scratch
  sed 's|test -c /dev/null|exit 7|' image.yaml > failing.yaml
  refuse 'An action of post-files failed with exit status 7' incus-image build-incus failing.yaml out --cache-dir=scratch
  refuse 'exit status 7' incus-image build-dir failing.yaml dir --cache-dir=scratch
  expect "" sh -c "find scratch out dir -mindepth 1 2> /dev/null || true"
  refuse 'unknown generator "magic"' incus-image validate <(sed 's/generator: copy/generator: magic/' image.yaml)
  refuse 'unknown trigger' incus-image validate <(sed 's/post-files/post-never/' image.yaml)
  refuse 'distribution must not be empty' incus-image validate image.yaml -o image.distribution=
  refuse 'there is nothing like' incus-image build-dir <(sed 's/\*ly/none*/' image.yaml) dir
  refuse "isn't available here" incus-image build-incus image.yaml out -o source.downloader=magic
  # Links of the image lead nowhere but into the image.
  mkdir evil
  ln -s "$SUITE_DIR/target" evil/etc
  mkdir target
  tar -C evil -cf evil.tar .
  refuse . incus-image build-incus image.yaml out -o "source.url=$SUITE_DIR/evil.tar"
  expect "" find target -mindepth 1
  cd /
}

test_from_host() {
  prepare
  mkdir -p "$SUITE_DIR/host"
  tar -C "$SUITE_DIR/host" -xf "$TEST_IMAGE"
  mkdir -p "$SUITE_DIR/host/rootfs/var/lib/incus"
  echo secret > "$SUITE_DIR/host/rootfs/etc/machine-id"
  echo mine > "$SUITE_DIR/host/rootfs/root/mine"
  echo big > "$SUITE_DIR/host/rootfs/var/lib/incus/data"
  incus-image from-host "$SUITE_DIR/out" --root="$SUITE_DIR/host/rootfs" --compression=zstd
  incus image import "$SUITE_DIR/out/incus.tar.xz" "$SUITE_DIR/out/rootfs.squashfs" --alias host
  incus launch host c1
  expect mine incus exec c1 -- cat /root/mine
  expect "" incus exec c1 -- ls /var/lib/incus
  expect c1 incus exec c1 -- cat /etc/hostname
}

# A disk that firmware starts from, without loop devices and mounts; what boots in it is seen by the suites of virtual machines.
test_machine_images() {
  prepare
  make_definition
  cd "$SUITE_DIR"
  sed -i '/mount -t tmpfs/d; s/^files:/targets: {incus: {vm: {size: 300MiB}}}\nfiles:\n- {generator: fstab}\n- {generator: incus-agent}\n- {generator: dump, path: \/etc\/kind, content: machine, types: [vm]}/' image.yaml
  refuse 'no kernel in /boot' incus-image build-incus image.yaml out --vm
  mkdir -p base/rootfs/boot
  head -c 5000000 /dev/urandom > base/rootfs/boot/vmlinuz-9.0
  echo newest > base/rootfs/boot/vmlinuz-10.0
  echo initrd > base/rootfs/boot/initrd.img-10.0
  tar -C base/rootfs -cf root.tar .
  incus-image build-incus image.yaml out --vm > paths
  expect "out/incus.tar.xz out/disk.qcow2" sh -c "tr '\n' ' ' < paths | grep -o 'out/incus.*qcow2'"
  incus image import out/incus.tar.xz out/disk.qcow2 --alias machine
  incus image list -f csv -c lt | grep -q 'machine,VIRTUAL-MACHINE'
  if command -v qemu-img > /dev/null; then
    qemu-img check -q out/disk.qcow2
    qemu-img convert -O raw out/disk.qcow2 raw
    # The EFI partition begins at 1 MiB, the root at 101 MiB: its superblock's magic and label.
    grep -aq newest raw && grep -aq 'root=LABEL=rootfs' raw
    expect 53ef sh -c "dd if=raw bs=1 skip=$(((101 << 20) + 1080)) count=2 2> /dev/null | od -An -tx1 | tr -d ' '"
    expect rootfs sh -c "dd if=raw bs=1 skip=$(((101 << 20) + 1144)) count=6 2> /dev/null"
  fi
  incus-image build-incus image.yaml one --vm --type unified --compression none
  expect "metadata.yaml rootfs.img" sh -c "tar -tf one/*.tar | grep -E '^(metadata.yaml|rootfs.img)$' | tr '\n' ' ' | sed 's/ $//'"
  sed -i 's/size: 300MiB/size: much/' image.yaml
  refuse 'size of a disk' incus-image build-incus image.yaml out --vm
}

# A definition whose root comes from SOURCE, a YAML map.
source_definition() { # source_definition SOURCE
  printf 'image: {distribution: bb, release: "3.20"}\nsource: %s\nmappings: {architecture_map: alpinelinux}\n' "$1" > "$SUITE_DIR/source.yaml"
}

test_from_instance() {
  prepare
  incus launch testimage c1
  incus exec c1 -- sh -c 'echo mine > /root/mine; chown 5:6 /root/mine'
  source_definition '{downloader: incus, url: c1}'
  incus-image build-dir "$SUITE_DIR/source.yaml" "$SUITE_DIR/dir"
  expect "mine" cat "$SUITE_DIR/dir/root/mine"
  expect "5 6" stat -c '%u %g' "$SUITE_DIR/dir/root/mine"
  # Only the instance and the first image stay.
  expect "0" incus list -f csv -c S
  expect "1" sh -c 'incus image list -f csv | wc -l'
  source_definition '{downloader: incus, url: c2}'
  refuse 'not found' incus-image build-dir "$SUITE_DIR/source.yaml" "$SUITE_DIR/none"
}

test_from_servers() {
  command -v python3 > /dev/null || { echo "skipped: python3 is not installed"; return 0; }
  local tree sum
  tree=$SUITE_DIR/tree/v3.20/releases/$(uname -m)
  mkdir -p "$tree" "$SUITE_DIR/base" "$SUITE_DIR/state"
  tar -C "$SUITE_DIR/base" -xf "$TEST_IMAGE"
  tar -C "$SUITE_DIR/base/rootfs" -czf "$tree/mini.tar.gz" .
  sum=$(sha256sum < "$tree/mini.tar.gz" | cut -d' ' -f1)
  printf -- '- {flavor: other, file: x, sha256: y}\n- {flavor: alpine-minirootfs, file: mini.tar.gz, sha256: %s}\n' "$sum" > "$tree/latest-releases.yaml"
  python3 "$top/tests/lib/image_server.py" "$SUITE_DIR/tree" "$SUITE_DIR/requests" > "$SUITE_DIR/port" &
  python3 "$top/tests/lib/registry.py" "$(command -v busybox)" "$SUITE_DIR/pulls" "$SUITE_DIR/state" > "$SUITE_DIR/registry" &
  eventually 10 test -s "$SUITE_DIR/port"
  eventually 10 test -s "$SUITE_DIR/registry"
  source_definition "{downloader: alpinelinux-http, url: \"http://127.0.0.1:$(cat "$SUITE_DIR/port")\"}"
  incus-image build-dir "$SUITE_DIR/source.yaml" "$SUITE_DIR/alpine"
  test -x "$SUITE_DIR/alpine/bin/busybox"
  echo more >> "$tree/mini.tar.gz"
  refuse 'Hash mismatch' incus-image build-dir "$SUITE_DIR/source.yaml" "$SUITE_DIR/none"
  refuse '404|not found|Not Found' incus-image build-dir "$SUITE_DIR/source.yaml" "$SUITE_DIR/none" -o image.release=3.21
  source_definition "{downloader: docker-http, url: \"http://127.0.0.1:$(cat "$SUITE_DIR/registry")/app\"}"
  incus-image build-dir "$SUITE_DIR/source.yaml" "$SUITE_DIR/oci"
  expect "high" cat "$SUITE_DIR/oci/dir/high"
  expect "" sh -c "ls '$SUITE_DIR/oci/gone' 2> /dev/null || true"
  refuse 'not an image of a registry' incus-image build-dir "$SUITE_DIR/source.yaml" "$SUITE_DIR/none" -o source.url=app
  expect "" sh -c "ls -d '$SUITE_DIR/none' 2> /dev/null || true"
}

# Programs that make roots of packages, with stand-ins that note how they are called.
test_from_packages() {
  mkdir "$SUITE_DIR/tools"
  export PATH=$SUITE_DIR/tools:$PATH SUITE_DIR
  local tool
  # Each says what it was called with, and what the definition's repository looks like at that moment.
  cat > "$SUITE_DIR/tools/dnf" << 'E2'
#!/bin/sh
echo "$(basename "$0")" "$@" > "$SUITE_DIR/called"
(cd "$SUITE_DIR/dir/etc" 2> /dev/null && find . -type f -printf '%p %u %m ' -exec cat {} +) > "$SUITE_DIR/repository"
exit ${FAIL:-0}
E2
  chmod 755 "$SUITE_DIR/tools/dnf"
  for tool in debootstrap mmdebstrap pacstrap zypper apk; do ln -s dnf "$SUITE_DIR/tools/$tool"; done
  cat > "$SUITE_DIR/packages.yaml" << 'E2'
image: {distribution: any, release: "9", architecture: x86_64}
source: {downloader: debootstrap, variant: minbase, url: "http://mirror/{{ image.release }}", components: [main, extra]}
mappings: {architecture_map: debian}
packages:
  manager: dnf
  sets:
  - {action: install, early: true, packages: [base, shell]}
  - {action: install, early: true, packages: [never], releases: ["8"]}
  repositories: [{name: own, url: "[own]"}]
E2
  local call="incus-image build-dir $SUITE_DIR/packages.yaml $SUITE_DIR/dir -o source.downloader="
  called() { # called DOWNLOADER REPOSITORY WORDS
    $call"$1" > /dev/null
    expect "$3" cat "$SUITE_DIR/called"
    expect "$2" cat "$SUITE_DIR/repository"
    rm -rf "$SUITE_DIR/dir"
  }
  called debootstrap "" "debootstrap --variant=minbase --components=main,extra --arch=amd64 --include=base,shell 9 $SUITE_DIR/dir http://mirror/9"
  called mmdebstrap "" "mmdebstrap --variant=minbase --components=main,extra --architectures=amd64 --include=base,shell --mode=root --format=directory --quiet 9 $SUITE_DIR/dir http://mirror/9"
  sed -i 's/, components: .*extra\]//' "$SUITE_DIR/packages.yaml"
  local own='./yum.repos.d/own.repo root 644 [own]' dnf="dnf -y --installroot=$SUITE_DIR/dir --releasever=9 --setopt=reposdir=$SUITE_DIR/dir/etc/yum.repos.d --setopt=install_weak_deps=False install"
  called rpmbootstrap "$own" "$dnf base shell"
  called pacstrap "$own" "pacstrap -c -G -M $SUITE_DIR/dir base shell"
  called zypper "$own" "zypper --non-interactive --root $SUITE_DIR/dir install --no-recommends base shell"
  called apk "$own" "apk --root $SUITE_DIR/dir --arch amd64 --initdb --no-cache --repository http://mirror/9 add base shell"
  FAIL=3 refuse 'dnf failed with exit status 3' ${call}rpmbootstrap
  rm -rf "$SUITE_DIR/dir"
  # What is not to come is left out by those that can, and removed afterwards for the others: here by a manager that only says so.
  cat >> "$SUITE_DIR/packages.yaml" << E2
  - {action: remove, early: true, packages: [gone, too]}
E2
  sed -i '/^  repositories:/d; s/^  manager: dnf/  custom_manager: {refresh: {cmd: "true"}, update: {cmd: "true"}, install: {cmd: "true"}, clean: {cmd: "true"}, remove: {cmd: "false"}}/' "$SUITE_DIR/packages.yaml"
  called debootstrap "" "debootstrap --variant=minbase --arch=amd64 --include=base,shell --exclude=gone,too 9 $SUITE_DIR/dir http://mirror/9"
  called rpmbootstrap "" "$dnf --exclude=gone --exclude=too base shell"
  refuse 'The list of packages' ${call}mmdebstrap  # there is no system in which to ask for it
  rm -rf "$SUITE_DIR/dir"
  sed -i 's/early: true, //' "$SUITE_DIR/packages.yaml"
  refuse 'needs a set of packages with early' ${call}zypper
  expect "" sh -c "ls -d '$SUITE_DIR/dir' 2> /dev/null || true"
}
