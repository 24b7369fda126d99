"""A guest agent that means harm: hostile_agent.py SOCKET CERTIFICATE KEY MODE-FILE

Stands where a machine's vsock helper does (SOCKET) and answers each connection as MODE-FILE says at that time:
mute     says nothing at all
deaf     takes the connection, then says nothing
noise    random bytes instead of TLS, without end
drip     an answer that comes byte by byte and never ends
headers  header lines without end
body     a body without end
lies     answers of wrong types, with absurd numbers, names and sizes
deep     JSON of a hundred thousand brackets
exec     takes commands, floods their streams and never tells their end
"""
import base64, hashlib, json, os, socket, ssl, sys, threading, time

HUGE = 2**63
NAME = "x\n\x1b[2J/../" + "n" * 2000
LIES = {
    "status": "Running", "status_code": -HUGE, "pid": "one", "processes": 10**30, "disk": [], "cpu": {"usage": -1, "allocated_time": HUGE},
    "memory": {"usage": "much", "usage_peak": -HUGE, "total": 1e300},
    "network": {NAME + str(i): {"addresses": [{"family": "inet", "address": NAME, "netmask": -1, "scope": None}] * 3, "counters": {"bytes_received": -HUGE},
                                "hwaddr": NAME, "mtu": 10**40, "state": 7, "type": []} for i in range(20)},
    "os_info": {"os": NAME, "hostname": ["a"], "fqdn": None},
}
STREAMS = ("0", "1", "2", "control")


def answer(metadata, **more):
    body = json.dumps({"type": "sync", "status": "Success", "status_code": 200, "metadata": metadata, **more})
    return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


def read_request(stream):
    """The head of a request as lines; its body is read and forgotten."""
    text = b""
    while b"\r\n\r\n" not in text:
        piece = stream.recv(4096)
        if not piece:
            return None
        text += piece
    head, body = text.split(b"\r\n\r\n", 1)
    lines = head.decode("latin-1").split("\r\n")
    size = next((int(l.split(":")[1]) for l in lines if l.lower().startswith("content-length:")), 0)
    while len(body) < size:
        body += stream.recv(4096)
    return lines


def forever(stream, piece, pause=0):
    while True:
        stream.sendall(piece)
        time.sleep(pause)


def websocket(stream, lines):
    key = next(l.split(": ")[1] for l in lines if l.lower().startswith("sec-websocket-key"))
    accept = base64.b64encode(hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()).decode()
    stream.sendall(("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n" % accept).encode())
    forever(stream, b"\x82\x7e\x40\x00" + b"flood " * 2730 + b"four")  # a binary message of 16 KiB


def take_command(stream, lines):
    if "websocket" in lines[0]:
        websocket(stream, lines)
    elif "/wait" in lines[0]:
        time.sleep(3600)
    secrets = {name: "s" + name for name in STREAMS}
    stream.sendall(answer({"id": "op", "class": "websocket", "metadata": {"fds": secrets}}, type="async", operation="/1.0/operations/op").encode())


def speak(stream, mode):
    while lines := read_request(stream):
        if mode == "drip":
            forever(stream, b"H", 0.1)
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
        if mode == "headers":
            stream.sendall(head)
            forever(stream, b"X-More: " + b"y" * 1000 + b"\r\n")
        if mode == "body":
            stream.sendall(head + b"Transfer-Encoding: chunked\r\n\r\n")
            forever(stream, b"4000\r\n" + b"[" * 0x4000 + b"\r\n")
        if mode == "deep":
            stream.sendall(head + b"Content-Length: 100000\r\n\r\n" + b"[" * 100000)
        if mode == "lies":
            stream.sendall(answer(LIES).encode())
        if mode == "exec":
            take_command(stream, lines)


def serve(connection, mode, tls):
    try:
        if mode == "mute":
            time.sleep(3600)
        while connection.recv(1) not in (b"\n", b""):
            pass
        connection.sendall(b"OK\n")
        if mode == "deaf":
            time.sleep(3600)
        if mode == "noise":
            forever(connection, os.urandom(16384))
        speak(tls.wrap_socket(connection, server_side=True), mode)
    except (OSError, ValueError, StopIteration):
        pass
    finally:
        connection.close()


path, certificate, key, mode_file = sys.argv[1:]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
listener = socket.socket(socket.AF_UNIX)
listener.bind(path)
listener.listen(64)
while True:
    made, _ = listener.accept()
    threading.Thread(target=serve, args=(made, open(mode_file).read().strip(), context), daemon=True).start()
