# registry.py BUSYBOX LOG STATE [URL]: an OCI registry on a free port of 127.0.0.1, which it prints, with a few images made here; or these images are
# put into the registry at URL. It wants a token for
# "private/…" (user "me", password "secret"), knows ranges, and misbehaves where the folder STATE says so: a file "cut" makes it drop the connection
# after that many bytes of each layer, "lie" makes it send other bytes. Files "payload" and "signature" (base64) are what cosign would have stored.
import base64, gzip, hashlib, http.server, io, json, os, re, sys, tarfile, urllib.request

busybox, log, state = open(sys.argv[1], "rb").read(), open(sys.argv[2], "a", buffering=1), sys.argv[3]
blobs, manifests = {}, {}
ARCHITECTURE = {"x86_64": "amd64", "aarch64": "arm64"}.get(os.uname().machine, os.uname().machine)
KINDS = {"d": tarfile.DIRTYPE, "l": tarfile.SYMTYPE, "h": tarfile.LNKTYPE, "b": tarfile.BLKTYPE}


def setting(name):
    try:
        return open(os.path.join(state, name)).read()
    except OSError:
        return ""


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def put(data):
    blobs[digest(data)] = data
    return digest(data)


def layer(*members):  # (name, kind, content or link target, mode)
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, kind, content, mode in members:
            info = tarfile.TarInfo(name)
            info.mode = mode
            if kind in KINDS:
                info.type, info.linkname = KINDS[kind], content
                tar.addfile(info)
            else:
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
    return out.getvalue()


def publish(name, config, layers, types=("oci.image", "oci.image"), diff_ids=None):
    index_type, manifest_type, config_type, layer_type = {
        "oci.image": ("application/vnd.oci.image.index.v1+json", "application/vnd.oci.image.manifest.v1+json",
                      "application/vnd.oci.image.config.v1+json", "application/vnd.oci.image.layer.v1.tar+gzip"),
        "docker": ("application/vnd.docker.distribution.manifest.list.v2+json", "application/vnd.docker.distribution.manifest.v2+json",
                   "application/vnd.docker.container.image.v1+json", "application/vnd.docker.image.rootfs.diff.tar.gzip")}[types[0]]
    packed = [gzip.compress(data, mtime=0) for data in layers]
    config_data = json.dumps({"architecture": ARCHITECTURE, "os": "linux", "created": "2024-01-02T03:04:05Z", "config": config,
                              "rootfs": {"type": "layers", "diff_ids": diff_ids or [digest(data) for data in layers]}}).encode()
    manifest = json.dumps({"schemaVersion": 2, "mediaType": manifest_type,
                           "config": {"mediaType": config_type, "digest": put(config_data), "size": len(config_data)},
                           "layers": [{"mediaType": layer_type, "digest": put(data), "size": len(data)} for data in packed]}).encode()
    other = {"os": "linux", "architecture": "vax"}
    index = json.dumps({"schemaVersion": 2, "mediaType": index_type, "manifests": [
        {"mediaType": manifest_type, "digest": digest(b"other"), "size": 5, "platform": other},
        {"mediaType": manifest_type, "digest": digest(manifest), "size": len(manifest), "platform": {"os": "linux", "architecture": ARCHITECTURE}}]}).encode()
    manifests.update({(name, "latest"): index, (name, "v1"): manifest, (name, digest(manifest)): manifest})


base = layer(("bin", "d", "", 0o755), ("bin/busybox", "f", busybox, 0o755), ("bin/sh", "h", "bin/busybox", 0o755), ("etc", "d", "", 0o755),
             ("etc/passwd", "f", b"root:x:0:0:root:/root:/bin/sh\napp:x:1000:1001::/home/app:/bin/sh\n", 0o644), ("etc/group", "f", b"root:x:0:\napp:x:1001:\n", 0o644),
             ("tmp", "d", "", 0o1777), ("gone", "f", b"x", 0o644), ("dir", "d", "", 0o755), ("dir/low", "f", b"low", 0o644), ("lib64", "d", "", 0o755),
             ("lib", "l", "lib64", 0o777), ("disk", "b", "", 0o666),
             *[("bin/" + name, "l", "busybox", 0o777) for name in "cat echo id ip ls pwd sleep stat".split()])
upper = layer((".wh.gone", "f", b"", 0o644), ("dir/high", "f", b"high", 0o600), ("dir/.wh..wh..opq", "f", b"", 0o644), ("lib/x", "f", b"linked", 0o644),
              ("usr/bin/app", "f", b"#!/bin/sh\ntrap 'echo asked to end; exit 0' USR1\necho started \"$1\" \"$GREETING\"\nwhile :; do sleep 0.1; done\n", 0o755))
app = {"Entrypoint": ["/usr/bin/app"], "Cmd": ["two words"], "Env": ["PATH=/usr/bin:/bin", "GREETING=hello world"], "User": "app", "WorkingDir": "/tmp", "StopSignal": "SIGUSR1"}
publish("app", app, [base, upper])
publish("team/docker", {"Cmd": ["/bin/echo", "Hello from OCI"]}, [base], ("docker", "docker"))
publish("private/app", app, [base])
publish("once", {"Cmd": ["/bin/sh", "-c", "echo tick; exit 3"]}, [base])
publish("bad/diff", app, [base], diff_ids=[digest(b"x")])
publish("bad/through-file", app, [base, layer(("gone/below", "f", b"x", 0o644))])
publish("bad/link", app, [base, layer(("name", "h", "../../outside", 0o644))])
publish("bad/up", app, [base, layer(("../outside", "f", b"x", 0o644))])


def signature():
    payload = setting("payload").encode()
    layer = {"mediaType": "application/vnd.dev.cosign.simplesigning.v1+json", "digest": put(payload), "size": len(payload),
             "annotations": {"dev.cosignproject.cosign/signature": setting("signature")}}
    return json.dumps({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "layers": [layer]}).encode()


def send(method, url, data, kind):
    return urllib.request.urlopen(urllib.request.Request(url, data, {"Content-Type": kind}, method=method)).headers.get("Location", "")


def upload(url, name, tag):  # the image for this machine: registries want the other ones of an index too
    manifest = json.loads(manifests[name, "v1"])
    for blob in [manifest["config"], *manifest["layers"]]:
        place = send("POST", "%s/v2/%s/blobs/uploads/" % (url, name), b"", "application/octet-stream")
        send("PUT", place + ("&" if "?" in place else "?") + "digest=" + blob["digest"], blobs[blob["digest"]], "application/octet-stream")
    send("PUT", "%s/v2/%s/manifests/%s" % (url, name, tag), manifests[name, "v1"], manifest["mediaType"])


if len(sys.argv) > 4:
    for name in sorted({name for name, _ in manifests}):
        upload(sys.argv[4], name, "latest")
    sys.exit()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        log.write("%s %s\n" % (self.path, self.headers.get("Range", "-")))
        if self.path.startswith("/token?"):
            good = self.headers.get("Authorization") == "Basic " + base64.b64encode(b"me:secret").decode()
            return self.answer(200 if good else 401, json.dumps({"token": "T"}).encode() if good else b"{}", {})
        parts = re.match(r"/v2/(.+)/(manifests|blobs)/([^/]+)$", self.path)
        if not parts:
            return self.answer(404, b"", {})
        if parts[1].startswith("private/") and self.headers.get("Authorization") != "Bearer T":
            realm = 'Bearer realm="http://127.0.0.1:%d/token",service="here",scope="repository:%s:pull"' % (self.server.server_address[1], parts[1])
            return self.answer(401, b'{"errors":[{"message":"authentication required"}]}', {"WWW-Authenticate": realm})
        if parts[3].endswith(".sig") and setting("payload"):
            manifests[parts[1], parts[3]] = signature()
        body = manifests.get((parts[1], parts[3])) if parts[2] == "manifests" else blobs.get(parts[3])
        if body is None:
            return self.answer(404, b'{"errors":[{"message":"manifest unknown"}]}', {})
        if parts[2] == "manifests":
            return self.answer(200, body, {"Content-Type": json.loads(body)["mediaType"]})
        if setting("lie"):
            body = b"x" * len(body)
        wanted = re.match(r"bytes=(\d+)-$", self.headers.get("Range", ""))
        start = int(wanted[1]) if wanted else 0
        self.answer(206 if wanted else 200, body[start:], {"Content-Type": "application/octet-stream"}, int(setting("cut") or 0))

    def answer(self, status, body, headers, cut=0):
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body[:cut] if cut and len(body) > 100000 else body)
        self.close_connection = bool(cut)

    def log_message(self, *args):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
