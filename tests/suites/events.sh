# Where events and messages go: the syslog socket, receivers, the operations table.

test_syslog_socket_makes_events() {
  command -v python3 > /dev/null || { echo "skipped: python3 is not installed"; return; }
  incus config set core.syslog_socket=true
  incus monitor --type=network-acl > "$SUITE_DIR/acl.log" &
  local monitor=$!
  # Again and again: nothing tells when the monitor has begun to listen.
  logged() {
    python3 -c 'import socket,sys; socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b"<29> ovs|ovn-controller|00017|acl_log(foo)|INFO|name=\"a\"", sys.argv[1])' "$INCUS_DIR/syslog.socket"
    grep -q 'sequence: "00017"' "$SUITE_DIR/acl.log"
  }
  eventually 5 logged
  kill $monitor
  incus config unset core.syslog_socket
  [ ! -e "$INCUS_DIR/syslog.socket" ] || fail "the socket is left"
}

test_webhooks_and_loki_get_events() {
  command -v python3 > /dev/null || { echo "skipped: python3 is not installed"; return; }
  cat > "$SUITE_DIR/receiver.py" <<'P'
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        open(sys.argv[1], "a").write(self.path + " " + body + "\n")
        self.send_response(204); self.end_headers()
    def log_message(self, *args): pass
server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
open(sys.argv[1] + ".port", "w").write(str(server.server_port))
server.serve_forever()
P
  ip link set lo up 2> /dev/null || true
  python3 "$SUITE_DIR/receiver.py" "$SUITE_DIR/received" &
  local receiver=$!
  has_port() { [ -s "$SUITE_DIR/received.port" ]; }
  eventually 5 has_port
  local url
  url=http://127.0.0.1:$(cat "$SUITE_DIR/received.port")
  incus config set logging.hook.target.type=webhook logging.hook.target.address="$url/hook" logging.hook.types=lifecycle
  incus config set logging.loki.target.type=loki logging.loki.target.address="$url" logging.loki.target.labels=action logging.loki.lifecycle.types=project-
  incus project create seen > /dev/null
  hooked() { grep '^/hook ' "$SUITE_DIR/received" | grep -q '"action":"project-created"'; }
  eventually 5 hooked
  pushed() { grep '^/loki/api/v1/push ' "$SUITE_DIR/received" | grep -q '"action":"project-created"'; }
  eventually 5 pushed
  incus project delete seen > /dev/null
  kill $receiver
  incus config unset logging.hook.target.type
  incus config unset logging.loki.target.type
}

test_operations_have_rows() {
  incus config set core.https_address 127.0.0.1:8443
  incus config trust add somebody > /dev/null  # its operation lasts until the token is used
  has_row() { [ "$(incus admin sql global 'SELECT count(*) FROM operations' | grep -oE '[0-9]+' | head -1)" -gt 0 ]; }
  eventually 3 has_row
  incus config trust revoke-token somebody
  has_none() { [ "$(incus admin sql global 'SELECT count(*) FROM operations' | grep -oE '[0-9]+' | head -1)" = 0 ]; }
  eventually 15 has_none
}
