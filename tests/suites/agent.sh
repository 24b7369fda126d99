# The agent of virtual machines without one: on a unix socket, in the folder that the config drive would be. (tests/api/agent_test.cpp runs commands in it.)

# agent [curl arguments] PATH: a request by who has the certificate
agent() {
  curl -s --unix-socket "$SUITE_DIR/agent.sock" -k --cert "$INCUS_CONF/client.crt" --key "$INCUS_CONF/client.key" "${@:1:$#-1}" "https://agent${!#}"
}

start_agent() {
  incus remote generate-certificate > /dev/null 2>&1 || true
  incus query /1.0 > /dev/null # the daemon's certificate is made when it is first needed
  mkdir -p "$SUITE_DIR/drive" "$SUITE_DIR/dev"
  cp "$INCUS_DIR/server.crt" "$SUITE_DIR/drive/agent.crt"
  cp "$INCUS_DIR/server.key" "$SUITE_DIR/drive/agent.key"
  cp "$INCUS_CONF/client.crt" "$SUITE_DIR/drive/server.crt"
  (cd "$SUITE_DIR/drive" && exec incus-agent --socket "$SUITE_DIR/agent.sock" --host-socket "$SUITE_DIR/host.sock" --devices "$SUITE_DIR/dev") 2> "$SUITE_DIR/agent.err" &
  AGENT_PID=$!
  eventually 5 test -S "$SUITE_DIR/agent.sock"
}

stop_agent() {
  kill "$AGENT_PID"
  wait "$AGENT_PID"
}

test_answers() {
  start_agent
  expect '{"type":"sync","status":"Success","status_code":200,"operation":"","error_code":0,"error":"","metadata":["/1.0"]}' agent /
  agent /1.0 | grep -q '"server":"incus-agent"'
  agent /1.0/state | grep -q '"lo":{.*"type":"loopback"'
  agent /1.0/metrics | grep -q '"memory_mem_total_bytes":[1-9]'
  expect 501 agent -o /dev/null -w '%{http_code}' -X DELETE /1.0
  expect 404 agent -o /dev/null -w '%{http_code}' /1.0/nothing
  expect 400 agent -o /dev/null -w '%{http_code}' -d '{"command":["true"]}' /1.0/exec
  expect 400 agent -o /dev/null -w '%{http_code}' /1.0/sftp
  expect 500 agent -o /dev/null -w '%{http_code}' /1.0/operations/none
  expect 500 curl -s --unix-socket "$SUITE_DIR/agent.sock" -k -o /dev/null -w '%{http_code}' https://agent/1.0
  expect 500 curl -s --unix-socket "$SUITE_DIR/agent.sock" -k --cert "$INCUS_DIR/server.crt" --key "$INCUS_DIR/server.key" -o /dev/null -w '%{http_code}' https://agent/1.0
  # Little for a guest to carry. (What is mapped from the binary depends on how it was built.)
  local kib
  kib=$(grep -oE 'RssAnon:[[:space:]]*[0-9]+' "/proc/$AGENT_PID/status" | grep -oE '[0-9]+$')
  [ "$kib" -lt 8000 ] || fail "the agent takes $kib KiB"
  stop_agent
}

test_a_new_machine() {
  mkdir -p "$SUITE_DIR/drive/files" "$SUITE_DIR/drive/nics"
  cat > "$SUITE_DIR/drive/files/metadata.yaml" << END
architecture: x86_64
creation_date: 1
templates:
  $SUITE_DIR/made/hello:
    when: [start]
    template: hello.tpl
    mode: "600"
  $SUITE_DIR/drive/kept:
    when: [start]
    create_only: true
    template: hello.tpl
END
  echo words > "$SUITE_DIR/drive/files/hello.tpl.out"
  echo old > "$SUITE_DIR/drive/kept"
  ip link add odd0 type veth peer name odd1
  ip link set odd0 address 00:16:3e:01:02:03 up
  echo '{"device_name":"eth0","nic_name":"lan0","mac_address":"00:16:3E:01:02:03","mtu":1400}' > "$SUITE_DIR/drive/nics/eth0.json"
  start_agent
  expect words cat "$SUITE_DIR/made/hello"
  expect 600 stat -c %a "$SUITE_DIR/made/hello"
  expect old cat "$SUITE_DIR/drive/kept"
  ip -o link show lan0 | grep -q ',UP.* mtu 1400 '
  stop_agent
  ip link del lan0
}

test_events_pass_through() {
  start_agent
  agent -N -v /1.0/events > "$SUITE_DIR/events" 2> "$SUITE_DIR/headers" &
  local listener=$!
  eventually 5 grep -q ' 200' "$SUITE_DIR/headers"
  agent -d '{"type":"config","metadata":{"key":"user.a"}}' /1.0/events > /dev/null
  eventually 5 grep -q '"type":"config".*"metadata":{"key":"user.a"}' "$SUITE_DIR/events"
  expect 500 agent -o /dev/null -w '%{http_code}' -d 'no json' /1.0/events
  kill "$listener"
  wait "$listener" || true
  stop_agent
}
