# image_server.py FOLDER LOG [PEM]: a web server for image trees on a free port of 127.0.0.1, which it prints; over TLS if a file has a key and a
# certificate for that. It knows ETags and ranges, and misbehaves where the folder says so: a file "cut" makes it drop the connection after that many
# bytes of each image, "lie" makes it send other bytes.
import hashlib, http.server, os, re, ssl, sys

root, log = os.path.realpath(sys.argv[1]), open(sys.argv[2], "a", buffering=1)


def setting(name):
    try:
        return open(os.path.join(root, name)).read()
    except OSError:
        return ""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        path = os.path.realpath(root + self.path)
        if not path.startswith(root) or not os.path.isfile(path):
            return self.answer(404, b"", {})
        body = open(path, "rb").read()
        etag = '"%s"' % hashlib.sha256(body).hexdigest()
        if self.headers.get("If-None-Match") == etag:
            return self.answer(304, b"", {"ETag": etag})
        image = self.path.startswith("/images/")
        if image and setting("lie"):
            body = b"x" * len(body)
        headers, status = {"ETag": etag}, 200
        wanted = re.match(r"bytes=(\d+)-$", self.headers.get("Range", ""))
        if wanted and self.headers.get("If-Range", etag) == etag:
            start = int(wanted[1])
            headers["Content-Range"] = "bytes %d-%d/%d" % (start, len(body) - 1, len(body))
            body, status = body[start:], 206
        self.answer(status, body, headers, int(setting("cut") or 0) if image else 0)

    def answer(self, status, body, headers, cut=0):
        log.write("%d %s %s\n" % (status, self.path, self.headers.get("Range", "-")))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 304:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "HEAD":
            return
        if cut and len(body) > cut:
            self.wfile.write(body[:cut])
            self.close_connection = True
        else:
            self.wfile.write(body)

    def log_message(self, *args):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
if len(sys.argv) > 3:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(sys.argv[3])
    server.socket = tls.wrap_socket(server.socket, server_side=True)
print(server.server_address[1], flush=True)
server.serve_forever()
