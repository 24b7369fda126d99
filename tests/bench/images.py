#!/usr/bin/env python3
"""images.py OUT.tsv FOLDER POOL...: import of each image in FOLDER (one file each), first instance of it, and further ones, with whatever `incus` and
`incusd` come first on PATH, in a throw-away machine, as root. POOL is NAME=DRIVER[:SOURCE]. Rows: metric, milliseconds, unit; medians of RUNS (3).

Processor time is that of all processes but ours (`cpu` rows): the other one's programs are its children.
"""
import os, shutil, statistics, subprocess, sys, time

out, folder, pools = open(sys.argv[1], "w", buffering=1), sys.argv[2], sys.argv[3:]
root = os.environ["INCUS_DIR"] = os.environ.get("BENCH_DIR", "/var/lib/incus-bench")
runs = int(os.environ.get("RUNS", "3"))
rows = {}


def used():
    """Seconds of processor time, ours left out, that this machine's processes have used."""
    ticks = 0
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            fields = open("/proc/%s/stat" % pid).read().rsplit(")", 1)[1].split()
        except OSError:
            continue
        ticks += sum(int(field) for field in (fields[11:13] if int(pid) == os.getpid() else fields[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def incus(*words):
    done = subprocess.run(["incus", *words], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    if done.returncode:
        sys.exit("incus %s: %s" % (" ".join(words), done.stderr.decode()))


def timed(metric, *words):
    cpu, begin = used(), time.monotonic()
    incus(*words)
    wall = (time.monotonic() - begin) * 1e3
    rows.setdefault(metric, []).append(wall)
    rows.setdefault(metric + "_cpu", []).append((used() - cpu) * 1e3)
    return wall


shutil.rmtree(root, ignore_errors=True)
os.makedirs(root, 0o711)
daemon = subprocess.Popen(["incusd", "--group", "root", "--logfile", root + ".log"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
incus("admin", "waitready", "--timeout=60")
for pool in pools:
    name, kind = pool.split("=")
    driver, _, source = kind.partition(":")
    incus("storage", "create", name, driver, *(["source=" + source] if source else ["size=8GiB"] if driver == "btrfs" else []))
incus("profile", "device", "add", "default", "root", "disk", "path=/", "pool=" + pools[0].split("=")[0])
for pool in (one.split("=")[0] for one in pools):
    for image in sorted(os.listdir(folder)):
        tag = "%s_%s" % (image.split(".", 1)[1].replace(".", "_"), pool)
        for run in range(runs):
            both = timed(tag + "_import", "image", "import", os.path.join(folder, image), "--alias", "x")
            both += timed(tag + "_first", "init", "x", "c1", "-s", pool)
            rows.setdefault(tag + "_import_and_first", []).append(both)
            for number in (2, 3, 4):
                timed(tag + ("_second" if number == 2 else "_cached"), "init", "x", "c%d" % number, "-s", pool)
            incus("delete", "c1", "c2", "c3", "c4")
            incus("image", "delete", "x")
for metric, values in rows.items():
    out.write("%s\t%.1f\tms\n" % (metric, statistics.median(values)))
daemon.terminate()
daemon.wait()
