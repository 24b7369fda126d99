# incus-image with the real dnf, zypper and pacstrap, which install from a repository of tiny packages over HTTP on loopback. Each step is skipped where
# its tools are missing (Debian packages rpm, createrepo-c, dnf, zypper; pacman-package-manager, arch-install-scripts).

have() { # have PROGRAM...: all of them, or why not
  local program
  for program in "$@"; do command -v "$program" > /dev/null || { echo "skipped: $program is missing"; return 1; }; done
}

# The files of the package `base`: busybox as the whole system, in $SUITE_DIR/base.
base_files() {
  mkdir "$SUITE_DIR/unpacked"
  tar -C "$SUITE_DIR/unpacked" -xf "$TEST_IMAGE"
  mv "$SUITE_DIR/unpacked/rootfs" "$SUITE_DIR/base"
  echo from-base > "$SUITE_DIR/base/etc/base"
}

serve() { # serve FOLDER: sets $port
  python3 -m http.server --bind 127.0.0.1 --directory "$1" 0 > "$SUITE_DIR/served" 2>&1 &
  eventually 10 grep -q 'port [0-9]' "$SUITE_DIR/served"
  port=$(grep -oE 'port [0-9]+' "$SUITE_DIR/served" | cut -d' ' -f2)
}

rpm_package() { # rpm_package NAME FOLDER|'' TAGS...: one whose files are those of FOLDER, or /etc/NAME
  local name=$1 folder=$2
  shift 2
  [ -n "$folder" ] || { folder=$SUITE_DIR/$name.files; mkdir -p "$folder/etc"; echo "from-$name" > "$folder/etc/$name"; }
  { printf 'Name: %s\nVersion: 1\nRelease: 1\nSummary: A test\nLicense: None\nAutoReqProv: no\n' "$name"
    printf '%s\n' "$@" '%description' 'For a test.' '%install' 'mkdir -p %{buildroot}' "cp -a $folder/. %{buildroot}/" '%files' '/*'; } > "$SUITE_DIR/$name.spec"
  rpmbuild -bb --quiet --define "_topdir $SUITE_DIR/rpm" --define "_build_id_links none" --define '__os_install_post %{nil}' "$SUITE_DIR/$name.spec" > "$SUITE_DIR/rpmbuild.log" 2>&1 ||
    { tail -5 "$SUITE_DIR/rpmbuild.log"; fail "rpmbuild $name"; }
}

# base, which is better off with `luxury`, and tool, which needs `base`.
rpm_repository() {
  base_files
  rpm_package base "$SUITE_DIR/base" 'Recommends: luxury'
  rpm_package luxury ''
  rpm_package tool '' 'Requires: base'
  createrepo_c --quiet "$SUITE_DIR/rpm/RPMS"
  serve "$SUITE_DIR/rpm/RPMS"
}

definition() { # definition DOWNLOADER MANAGER SOURCE-REST: with the early package `tool`
  cat > "$SUITE_DIR/image.yaml" << E2
image: {distribution: tiny, release: "9", architecture: $(uname -m)}
source:
  downloader: $1
${3:-}
packages:
  manager: $2
  sets:
  - {action: install, early: true, packages: [tool]}
files:
- {generator: hostname, path: /etc/hostname}
E2
}

# runs: the image that the definition makes has what both packages hold, nothing that nobody asked for, and it starts.
runs() {
  incus-image build-incus "$SUITE_DIR/image.yaml" "$SUITE_DIR/image" > "$SUITE_DIR/build.log" 2>&1 || { tail -20 "$SUITE_DIR/build.log"; fail "build"; }
  incus admin init --auto > /dev/null
  incus image import "$SUITE_DIR"/image/* --alias tiny > /dev/null
  incus launch tiny c1
  expect from-base incus exec c1 -- cat /etc/base
  expect from-tool incus exec c1 -- cat /etc/tool
  expect c1 incus exec c1 -- cat /etc/hostname
  refuse 'No such file' incus exec c1 -- cat /etc/luxury
}

test_dnf() {
  have dnf rpmbuild createrepo_c || return 0
  local port
  rpm_repository
  definition rpmbootstrap dnf "  url: |-
    [tiny]
    name=tiny {{ image.release }}
    baseurl=http://127.0.0.1:$port
    gpgcheck=0"
  runs
  expect "base tool" sh -c "rpm --root '$INCUS_DIR/storage-pools/default/containers/c1/rootfs' -qa --qf '%{NAME}\n' | sort | xargs"
  # What must not come is not there even where something else would like it.
  sed -i 's/^  - {action: install/  - {action: remove, early: true, packages: [base]}\n&/' "$SUITE_DIR/image.yaml"
  refuse 'dnf failed' incus-image build-dir "$SUITE_DIR/image.yaml" "$SUITE_DIR/none"
}

test_zypper() {
  have zypper rpmbuild createrepo_c || return 0
  local port
  rpm_repository
  definition zypper zypper
  sed -i "s#^  sets:#  repositories:\n  - name: tiny\n    url: |-\n      [tiny]\n      name=tiny\n      enabled=1\n      baseurl=http://127.0.0.1:$port\n      gpgcheck=0\n&#" "$SUITE_DIR/image.yaml"
  runs
  expect "base tool" sh -c "rpm --root '$INCUS_DIR/storage-pools/default/containers/c1/rootfs' -qa --qf '%{NAME}\n' | sort | xargs"
}

pacman_package() { # pacman_package NAME FOLDER|'' LINES...: as makepkg(8), which root must not run, would make it
  local name=$1 folder=$2
  shift 2
  [ -n "$folder" ] || { folder=$SUITE_DIR/$name.files; mkdir -p "$folder/etc"; echo "from-$name" > "$folder/etc/$name"; }
  { printf 'pkgname = %s\npkgver = 1-1\npkgdesc = A test\nsize = 1000\narch = any\n' "$name"; printf '%s\n' "$@"; } > "$folder/.PKGINFO"
  tar -C "$folder" --owner=0 --group=0 -cf - .PKGINFO $(cd "$folder" && ls) | zstd -q > "$SUITE_DIR/repository/$name-1-1-any.pkg.tar.zst"
}

test_pacstrap() {
  have pacman pacstrap repo-add bsdtar || return 0
  local port
  mkdir "$SUITE_DIR/repository"
  base_files
  pacman_package base "$SUITE_DIR/base" 'optdepend = luxury'
  pacman_package luxury ''
  pacman_package tool '' 'depend = base'
  repo-add -q "$SUITE_DIR/repository/tiny.db.tar.gz" "$SUITE_DIR"/repository/*.pkg.tar.zst > "$SUITE_DIR/repo-add.log" 2>&1
  serve "$SUITE_DIR/repository"
  # A cache of its own: pacstrap keeps what it downloads in this machine's.
  mkdir "$SUITE_DIR/cache"
  printf '[options]\nCacheDir = %s\nArchitecture = auto\nSigLevel = Never\n[tiny]\nServer = http://127.0.0.1:%s\n' "$SUITE_DIR/cache/" "$port" > "$SUITE_DIR/pacman.conf"
  mount --bind "$SUITE_DIR/pacman.conf" /etc/pacman.conf
  definition pacstrap pacman
  runs
  expect "base tool" sh -c "pacman -Qq --root '$INCUS_DIR/storage-pools/default/containers/c1/rootfs' | xargs"
}
