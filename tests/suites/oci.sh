# Images of OCI registries, and the application containers that are made of them.

serve_registry() {
  command -v python3 > /dev/null || { echo "skipped: python3 is not installed"; return 1; }
  prepare
  mkdir -p "$SUITE_DIR/unpacked" "$SUITE_DIR/state" "$INCUS_CONF"
  tar -C "$SUITE_DIR/unpacked" -xf "$TEST_IMAGE"
  python3 "$top/tests/lib/registry.py" "$SUITE_DIR/unpacked/rootfs/bin/busybox" "$SUITE_DIR/requests" "$SUITE_DIR/state" > "$SUITE_DIR/port" &
  eventually 20 test -s "$SUITE_DIR/port"
  PORT=$(cat "$SUITE_DIR/port")
  cat > "$INCUS_CONF/config.yml" << E2
default-remote: local
remotes:
  reg:
    addr: http://127.0.0.1:$PORT
    protocol: oci
    public: true
  mine:
    addr: http://me:secret@127.0.0.1:$PORT/private
    protocol: oci
    public: true
E2
}

drop_images() { incus image list -c fd -f csv | grep -F '(OCI)' | cut -d, -f1 | xargs incus image delete; }

says() { incus console --show-log "$1" 2> /dev/null | grep -q "$2"; }

test_application_container() {
  serve_registry || return 0
  incus launch reg:app a1
  expect 'CONTAINER (APP)' incus list a1 -c t -f csv
  incus info a1 | grep -q 'container (application)'
  expect 'hello world' incus config get a1 environment.GREETING
  expect /home/app incus config get a1 environment.HOME
  expect "/usr/bin/app 'two words'" incus config get a1 oci.entrypoint
  expect /tmp incus config get a1 oci.cwd
  expect "1000 1001" sh -c 'echo $(incus config get a1 oci.uid) $(incus config get a1 oci.gid)'
  eventually 10 says a1 'started two words hello world'
  # Whiteouts, opaque folders, links to folders; device nodes of images are left out.
  expect high incus exec a1 -- ls /dir
  expect linked incus exec a1 -- cat /lib64/x
  refuse 'gone|disk' incus exec a1 -- ls /gone /disk
  expect "600 0" incus exec a1 -- stat -c '%a %u' /dir/high
  # The image has no DHCP client: ours gave the address before the entry point ran.
  incus list a1 -c 4 -f csv | grep -q eth0
  incus exec a1 -- ip route | grep -q '^default'
  incus exec a1 -- cat /etc/resolv.conf | grep -q nameserver
  expect a1 incus exec a1 -- cat /etc/hostname
  # The image's stop signal, to the entry point.
  incus stop a1
  says a1 'asked to end'
  incus start a1
  incus restart a1
  expect RUNNING incus list a1 -c s -f csv
  incus stop -f a1
  incus config set a1 oci.entrypoint="/bin/sh -c 'echo \"quoted \$0\"
sleep 1000'" oci.uid=0
  incus start a1
  eventually 10 says a1 'quoted /bin/sh'
  incus delete -f a1
  incus launch testimage c1
  incus stop -f c1
  incus config set c1 oci.cwd=/tmp
  refuse 'only supported on OCI' incus start c1
}

test_layers_are_shared_and_checked() {
  serve_registry || return 0
  incus init reg:app a1
  incus init reg:team/docker:v1 a2
  # The lower layer, common to both, was asked for once.
  expect 1 sh -c 'grep -c "^/v2/team/docker/blobs" "$SUITE_DIR/requests"'
  incus image list -c f -f csv > "$SUITE_DIR/fingerprints"
  expect 3 sh -c 'wc -l < "$SUITE_DIR/fingerprints"'
  incus delete a1 a2
  drop_images
  rm -rf "$INCUS_DIR/cache/oci"
  # A broken connection is taken up where it broke.
  echo 300000 > "$SUITE_DIR/state/cut"
  incus init reg:once a3
  grep -q 'blobs/.* bytes=[1-9]' "$SUITE_DIR/requests"
  rm "$SUITE_DIR/state/cut"
  incus delete a3
  drop_images
  rm -rf "$INCUS_DIR/cache/oci"
  echo 1 > "$SUITE_DIR/state/lie"
  refuse 'something else|arrived damaged' incus init reg:app a1
  rm "$SUITE_DIR/state/lie"
  for bad in diff:'unpacks to' through-file:'not a folder' link:'outside' up:'outside'; do
    refuse "${bad#*:}" incus init "reg:bad/${bad%%:*}" a1
  done
  expect '' incus list -f csv -c n
  refuse 'manifest unknown' incus init reg:nothing a1
  refuse 'bad tag' incus init reg:app:. a1
  refuse 401 incus init reg:private/app a1
  incus init mine:app a1
}

test_restart_policy() {
  serve_registry || return 0
  incus launch reg:once a1 -c boot.autorestart=true
  eventually 20 sh -c '[ "$(grep -c tick "$INCUS_DIR/logs/a1/console.log")" -ge 1 ]'
  # Each run says it once; the log goes on over restarts.
  eventually 20 sh -c '[ "$(grep -c tick "$INCUS_DIR/logs/a1/console.log")" -ge 2 ]'
  incus stop -f a1 || true
  incus launch reg:once a2 --ephemeral --console | grep -q tick
  eventually 20 sh -c '! incus info a2 > /dev/null 2>&1'
}

# sign KEY DIGEST: what cosign would leave in the registry.
sign() {
  printf '{"critical":{"identity":{"docker-reference":""},"image":{"docker-manifest-digest":"%s"},"type":"cosign container image signature"},"optional":null}' \
    "$2" > "$SUITE_DIR/state/payload"
  openssl dgst -sha256 -sign "$1" "$SUITE_DIR/state/payload" | base64 -w0 > "$SUITE_DIR/state/signature"
}

digest_of() { echo "sha256:$(curl -s "http://127.0.0.1:$PORT/v2/$1/manifests/latest" | sha256sum | cut -d' ' -f1)"; }

test_signed_images() {
  command -v openssl > /dev/null || { echo "skipped: openssl is not installed"; return 0; }
  serve_registry || return 0
  for key in ours theirs; do
    openssl ecparam -name prime256v1 -genkey -noout -out "$SUITE_DIR/$key.key"
    openssl ec -in "$SUITE_DIR/$key.key" -pubout -out "$SUITE_DIR/$key.pub" 2> /dev/null
  done
  mkdir -p "$INCUS_CONF/ocikeys"
  echo nothing > "$INCUS_CONF/ocikeys/reg.pub"
  refuse 'no public key' incus init reg:app a1
  cat "$SUITE_DIR/ours.pub" > "$INCUS_CONF/ocikeys/reg.pub"
  refuse 'not signed with a key' incus init reg:app a1
  sign "$SUITE_DIR/theirs.key" "$(digest_of app)"
  refuse 'not signed with a key' incus init reg:app a1
  refuse 'not signed with a key' incus image info reg:app
  sign "$SUITE_DIR/ours.key" "$(digest_of once)"
  refuse 'not signed with a key' incus init reg:app a1
  sign "$SUITE_DIR/ours.key" "$(digest_of app)"
  incus image info reg:app > "$SUITE_DIR/info"
  incus init reg:app a1
  incus image copy reg:app local: --alias signed
  expect 1 sh -c 'incus image list -f csv -c fd | grep -cF "(OCI)"'
  cat "$SUITE_DIR/theirs.pub" > "$INCUS_CONF/ocikeys/reg.pub"
  refuse 'not signed with a key' incus image copy reg:app local:
  # One of several keys is enough.
  cat "$SUITE_DIR/ours.pub" >> "$INCUS_CONF/ocikeys/reg.pub"
  incus init reg:app a2
}

test_fixed_addresses() {
  serve_registry || return 0
  local network routes
  network=$(incus network get incusbr0 ipv4.address)
  incus init reg:app a1
  incus config device override a1 eth0 ipv4.address=10.123.45.6/24 ipv4.gateway=10.123.45.1 ipv6.address=fd00:123::6/64 ipv6.gateway=none
  incus start a1
  incus exec a1 -- ip -4 addr show dev eth0 | grep -q 'inet 10.123.45.6/24'
  expect 1 sh -c "incus exec a1 -- ip -4 addr show dev eth0 | grep -c inet"
  incus exec a1 -- ip -6 addr show dev eth0 | grep -q 'inet6 fd00:123::6/64'
  incus exec a1 -- ip route | grep -q '^default via 10.123.45.1'
  routes=$(incus exec a1 -- ip -6 route)
  echo "$routes" | grep -q '^fd00:123::/64'
  if echo "$routes" | grep '^default'; then fail "a way out that nobody asked for"; fi
  incus stop -f a1
  # The bridge's own address as the way out.
  incus config device set a1 eth0 ipv4.gateway=auto
  incus start a1
  incus exec a1 -- ip route | grep -q "^default via ${network%/*}"
  incus stop -f a1
  incus config device unset a1 eth0 ipv4.address
  refuse 'requires "ipv4.address" to be set to a CIDR value' incus start a1
  incus init testimage c1
  incus config device override c1 eth0 ipv4.gateway=10.0.0.1
  refuse 'only supported on OCI containers' incus start c1
}

# The same images out of Debian's docker-registry, as in upstream's container_oci.
test_debian_registry() {
  command -v docker-registry > /dev/null || { echo "skipped: docker-registry is not installed"; return 0; }
  serve_registry || return 0
  cat > "$SUITE_DIR/registry.yml" << E2
version: 0.1
storage: {filesystem: {rootdirectory: $SUITE_DIR/stored}}
http: {addr: "127.0.0.1:5005"}
E2
  docker-registry serve "$SUITE_DIR/registry.yml" > "$SUITE_DIR/registry.log" 2>&1 &
  local process=$!
  eventually 10 curl -sf http://127.0.0.1:5005/v2/
  python3 "$top/tests/lib/registry.py" "$SUITE_DIR/unpacked/rootfs/bin/busybox" "$SUITE_DIR/requests" "$SUITE_DIR/state" http://127.0.0.1:5005
  printf '  deb:\n    addr: http://127.0.0.1:5005\n    protocol: oci\n    public: true\n' >> "$INCUS_CONF/config.yml"
  incus launch deb:team/docker --console --ephemeral | grep -q 'Hello from OCI'
  incus launch deb:app a1
  incus info a1 | grep -q RUNNING
  eventually 10 says a1 'started two words hello world'
  incus delete -f a1
  kill "$process"
}
