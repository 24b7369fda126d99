# What the client does beside sending requests: completion, manuals, local listeners, files of volumes, transfers between servers.

test_completion() {
  prepare
  incus init testimage web1
  incus init testimage web2
  expect "$(printf 'web1\nweb2\n:4')" incus __completeNoDesc start web
  expect "$(printf 'local:web2\n:4')" incus __completeNoDesc start local:web2
  expect "$(printf 'eth0\n:4')" incus __completeNoDesc profile device remove default e
  expect "$(printf 'default\n:4')" incus __completeNoDesc storage volume show d
  expect "$(printf 'security.nesting=\n:6')" incus __completeNoDesc config set web1 security.nest
  expect "$(printf -- '--format=yaml\n:4')" incus __completeNoDesc list --format=y
  for shell in bash zsh fish powershell; do incus completion $shell | grep -q __complete; done
  # bash itself, asked as readline would ask it.
  expect "web1 web2" bash -c 'source <(incus completion bash)
    COMP_LINE="incus stop web" COMP_POINT=14 COMP_WORDBREAKS=" :="
    _incus_complete 2> /dev/null
    echo "${COMPREPLY[*]}"'
}

test_manual() {
  mkdir "$SUITE_DIR/man"
  incus manpage --all "$SUITE_DIR/man"
  grep -q 'incus\\-profile\\-device\\-add' "$SUITE_DIR/man/incus.profile.device.add.1"
  grep -q 'limits.cpu' "$SUITE_DIR/man/incus.config-keys.5"
  local flag
  for flag in $(incusd --help | grep -oE -- '--[a-z]+' | grep -v help); do
    grep -q -- "\\\\-\\\\-${flag#--}" "$top/man/incusd.8" || fail "$flag is missing in incusd.8"
  done
  refuse 'Invalid value' incus manpage --format=word "$SUITE_DIR/man"
}

test_volume_files() {
  prepare
  incus storage volume create default v1
  echo data | incus storage volume file push - default v1/notes
  expect data incus storage volume file pull default v1/notes -
  mkdir -p "$SUITE_DIR/tree/sub"
  echo one > "$SUITE_DIR/tree/sub/file"
  incus storage volume file push -r -p "$SUITE_DIR/tree" default v1/a/tree
  incus storage volume file create --type=symlink default v1/link notes
  expect data incus storage volume file pull default v1/link -
  incus storage volume file pull -r default v1/a "$SUITE_DIR/back"
  expect one cat "$SUITE_DIR/back/tree/sub/file"
  incus storage volume file delete -f default v1/a
  refuse . incus storage volume file pull default v1/a/tree/sub/file -
  refuse 'not found' incus storage volume file push "$SUITE_DIR/tree/sub/file" default nope/x
  incus storage volume delete default v1
}

test_sftp_over_ssh() {
  curl -V | grep -q sftp || return 0
  prepare
  incus launch testimage c1
  incus exec c1 -- sh -c 'echo secret > /root/word; head -c 3000000 /dev/urandom > /root/big'
  incus file mount c1 --listen=127.0.0.1:2022 > "$SUITE_DIR/mount" &
  local listener=$!
  eventually 10 grep -q password "$SUITE_DIR/mount"
  local user password
  user=$(grep -o 'username "[^"]*"' "$SUITE_DIR/mount" | cut -d'"' -f2)
  password=$(grep -o 'password "[^"]*"' "$SUITE_DIR/mount" | cut -d'"' -f2)
  expect secret curl -s -S --insecure -u "$user:$password" sftp://127.0.0.1:2022/root/word
  curl -s -S --insecure -u "$user:$password" -o "$SUITE_DIR/big" sftp://127.0.0.1:2022/root/big
  expect "$(sha256sum < "$SUITE_DIR/big")" incus exec c1 -- sh -c 'sha256sum < /root/big'
  curl -s -S --insecure -u "$user:$password" -T "$SUITE_DIR/big" sftp://127.0.0.1:2022/root/copy
  expect "$(sha256sum < "$SUITE_DIR/big")" incus exec c1 -- sh -c 'sha256sum < /root/copy'
  refuse . curl -s -S --insecure -u "$user:wrong" sftp://127.0.0.1:2022/root/word
  refuse . curl -s -S --insecure -u "nobody:$password" sftp://127.0.0.1:2022/root/word
  # Noise on the port harms nobody.
  head -c 100000 /dev/urandom | timeout 5 socat -u - tcp4:127.0.0.1:2022 || true
  expect secret curl -s -S --insecure -u "$user:$password" sftp://127.0.0.1:2022/root/word
  kill $listener
}

test_images_between_projects() {
  prepare
  incus config set core.https_address 127.0.0.1:8443
  incus remote add far https://127.0.0.1:8443 --accept-certificate --token "$(incus config trust add me -q)"
  for mode in pull push relay; do
    incus project create $mode -c features.images=true
    incus image copy local:testimage far: --target-project $mode --mode=$mode --alias copied
    expect "copied" incus image list far: --project $mode -f csv -c l
    incus image delete copied --project $mode
    incus project delete $mode
  done
  refuse 'must be different' incus image copy local:testimage local:
  refuse 'Unknown transfer mode' incus image copy local:testimage far: --target-project default --mode=teleport
}

test_remote_proxy_and_tokens() {
  prepare
  incus config set core.https_address 127.0.0.1:8443
  incus remote add far https://127.0.0.1:8443 --accept-certificate --token "$(incus config trust add me -q)"
  incus remote proxy far: "$SUITE_DIR/proxy" &
  local proxy=$!
  eventually 10 test -S "$SUITE_DIR/proxy"
  expect trusted sh -c "curl -s --unix-socket '$SUITE_DIR/proxy' http://x/1.0 | jq -r .metadata.auth"
  kill $proxy
  incus init --empty c1
  expect 'admin tls' sh -c "incus info c1 --show-access | sed -n 's/^ *\(role\|provider\): //p' | sort | xargs"
  incus delete c1
  # A token signed by the client's key stands for its certificate.
  local token
  token=$(incus remote get-client-token 1h)
  expect trusted sh -c "curl -s -k -H 'Authorization: Bearer $token' https://127.0.0.1:8443/1.0 | jq -r .metadata.auth"
  expect untrusted sh -c "curl -s -k https://127.0.0.1:8443/1.0 | jq -r .metadata.auth"
  refuse 'invalid duration' incus remote get-client-token soon
}
