#!/usr/bin/python3
"""qmp.py SOCKET COMMAND [ARGUMENTS]: runs one QMP command on a monitor of the test's own (raw.qemu: -qmp unix:...) and prints what it returned."""
import json
import socket
import sys

monitor = socket.socket(socket.AF_UNIX)
monitor.settimeout(30)
monitor.connect(sys.argv[1])
lines = monitor.makefile("rw")
lines.readline()
for command in ({"execute": "qmp_capabilities"}, {"execute": sys.argv[2], "arguments": json.loads(sys.argv[3]) if len(sys.argv) > 3 else {}}):
    print(json.dumps(command), file=lines, flush=True)
    answer = json.loads(lines.readline())
    while "event" in answer:
        answer = json.loads(lines.readline())
if "error" in answer:
    sys.exit(answer["error"]["desc"])
print(json.dumps(answer["return"], separators=(",", ":")))
