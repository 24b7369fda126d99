#!/usr/bin/env python3
"""machines.py REAL.tsv OURS.tsv BIN IMAGE: virtual machines of the real Incus, which runs in this throw-away machine without a guest agent, and of ours
beside it (BIN/incus, BIN/incusd), start by start in turns. IMAGE: the small guest, which carries a kernel. Rows: metric, value, unit; medians of RUNS (10).

Memory is the proportional share (PSS) of the daemon with no machine, one, four and eight (MACHINES), paused once their start is over: of ours microvms whose
agents answered, of the real one the only board it has. Programs beside QEMU that serve one machine are rows of their own.
"""
import os, shutil, statistics, subprocess, sys, time

RUNS = int(os.environ.get("RUNS", "10"))
COUNTS = [int(word) for word in os.environ.get("MACHINES", "1 4 8").split()]
PATIENCE = 300  # seconds for a boot without KVM


class Side:
    def __init__(self, out, folder, programs):
        self.out = open(out, "w", buffering=1)
        self.environment = dict(os.environ, INCUS_DIR=folder, INCUS_CONF=folder + ".conf")
        if programs:
            self.environment["PATH"] = programs + ":" + os.environ["PATH"]

    def incus(self, *words, check=True):
        done = subprocess.run(["incus", *words], env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if check and done.returncode:
            sys.exit("incus %s: %s" % (" ".join(words), done.stderr.decode()))
        return done

    def record(self, metric, value, unit):
        self.out.write("%s\t%.6g\t%s\n" % (metric, value, unit))
        print(os.path.basename(self.out.name), metric, "%.6g" % value, unit, flush=True)

    def prepare(self, subnet):
        self.incus("storage", "create", "default", "dir")
        self.incus("network", "create", "vmbr%d" % subnet, "ipv4.address=10.98.%d.1/24" % subnet, "ipv6.address=none")
        self.network = "vmbr%d" % subnet
        self.incus("image", "import", sys.argv[4], "--alias", "guest")

    def make(self, name, *words):
        self.incus("init", "guest", name, "--vm", "--no-profiles", "-s", "default", "-n", self.network, "-d", "root,size=128MiB",
                   "-c", "security.secureboot=false", "-c", "limits.memory=256MiB", *words)

    def start(self, name):
        """Milliseconds until it returns."""
        began = time.monotonic()
        self.incus("start", name)
        return (time.monotonic() - began) * 1e3

    def wait_for_agent(self, name):
        deadline = time.monotonic() + PATIENCE
        while self.incus("exec", name, "--", "true", check=False).returncode:
            if time.monotonic() > deadline:
                sys.exit("no agent answers in " + name)
            time.sleep(0.05)

    def processes(self):
        """(pid, words) of all processes of this side: by their environment, or that of who started them."""
        mark = ("INCUS_DIR=" + self.environment["INCUS_DIR"]).encode()
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                if mark in open("/proc/%s/environ" % pid, "rb").read().split(b"\0"):
                    yield int(pid), open("/proc/%s/cmdline" % pid, "rb").read().decode(errors="replace").split("\0")
            except OSError:
                continue

    def memory(self, *programs):
        """MiB that processes of these names have."""
        total = 0
        for pid, words in self.processes():
            if os.path.basename(words[0]) not in programs and not (len(words) > 1 and words[0] == "incusbox" and words[1] in programs):
                continue
            try:
                total += sum(int(line.split()[1]) for line in open("/proc/%d/smaps_rollup" % pid) if line.startswith("Pss:"))
            except OSError:
                continue  # it ended
        return total / 1024


def measure_starts(sides, name, metric):
    times = {side: [] for side in sides}
    for _ in range(RUNS):
        for side in sides:
            times[side].append(side.start(name))
            time.sleep(0.5)
            side.incus("stop", "-f", name)
    for side in sides:
        side.record(metric, statistics.median(times[side]), "ms")
        side.record(metric + "_best", min(times[side]), "ms")


def measure_agent(side, name, metric):
    times = []
    for _ in range(max(1, RUNS // 3)):
        began = time.monotonic()
        side.start(name)
        side.wait_for_agent(name)
        times.append(time.monotonic() - began)
        side.incus("stop", "-f", name)
    side.record(metric, statistics.median(times), "s")


def measure_memory(side, agents, *words):
    side.record("daemon_0_machines", side.memory("incusd"), "MiB")
    running, sizes = 0, []
    for count in COUNTS:
        while running < count:
            name = "m%d" % running
            side.make(name, *words)
            side.start(name)
            if agents:
                side.wait_for_agent(name)
            side.incus("pause", name)
            running += 1
        time.sleep(2)  # what only served the start is given back
        sizes.append(side.memory("incusd"))
        side.record("daemon_%d_machines" % count, sizes[-1], "MiB")
    if len(COUNTS) > 1:  # the first brings in what all share
        side.record("daemon_per_further_machine", (sizes[-1] - sizes[0]) / (COUNTS[-1] - COUNTS[0]), "MiB")
    helpers = side.memory("forkvsock", "virtiofsd", "swtpm")
    if helpers:
        side.record("helpers_per_machine", helpers / running, "MiB")
    for number in range(running):
        side.incus("delete", "-f", "m%d" % number)


real = Side(sys.argv[1], os.environ["INCUS_DIR"], None)
ours = Side(sys.argv[2], "/var/lib/incus-ours", sys.argv[3])
shutil.rmtree(ours.environment["INCUS_DIR"], ignore_errors=True)
os.makedirs(ours.environment["INCUS_DIR"], 0o711)
daemon = subprocess.Popen(["incusd", "--group", "root", "--logfile", "/var/lib/incus-ours.log"], env=ours.environment,
                          executable=os.path.join(sys.argv[3], "incusd"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
ours.incus("admin", "waitready", "--timeout=60")
for number, side in enumerate((real, ours)):
    side.prepare(number + 1)
    side.make("v1")
measure_starts((real, ours), "v1", "start_returns")
ours.make("v2", "-c", "qemu.machine=microvm")
measure_starts((ours,), "v2", "microvm_start_returns")
measure_agent(ours, "v1", "start_to_agent")
measure_agent(ours, "v2", "microvm_start_to_agent")
measure_memory(real, False)
measure_memory(ours, True, "-c", "qemu.machine=microvm")
daemon.terminate()
daemon.wait()
shutil.rmtree(ours.environment["INCUS_DIR"], ignore_errors=True)
