#!/usr/bin/env python3
"""lists.py OUT.tsv LOAD [COUNT...]: lists of COUNT instances (0 100 1000) from the `incus` and `incusd` that come first on PATH, as root.

Rows of OUT.tsv: metric, value, unit. Instances are rows with an empty root (source "none"); a few of them run where an image is given.
"""
import http.client, json, os, shutil, signal, socket, statistics, subprocess, sys, time

OUT = open(sys.argv[1], 'w', buffering=1)
LOAD = sys.argv[2]
COUNTS = [int(n) for n in sys.argv[3:]] or [0, 100, 1000]
FOLDER = os.environ['INCUS_DIR'] = '/var/lib/incus-lists'
SOCKET = FOLDER + '/unix.socket'
QUERIES = {'r0': '', 'r1': 'recursion=1', 'r2': 'recursion=2', 'r1_filter': 'recursion=1&filter=name+eq+n0001'}
TICK = os.sysconf('SC_CLK_TCK')


class Connection(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(SOCKET)


def call(connection, method, path, body=None):
    connection.request(method, path, json.dumps(body) if body is not None else None)
    return json.loads(connection.getresponse().read())


def record(metric, value, unit):
    OUT.write(f'{metric}\t{value:.6g}\t{unit}\n')
    print(metric, f'{value:.6g}', unit, flush=True)


def start():
    began = time.monotonic()
    daemon = subprocess.Popen(['incusd', '--group', 'root', '--logfile', FOLDER + '.log'], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while time.monotonic() - began < 120:
        try:
            if call(Connection('incus'), 'GET', '/internal/ready')['status_code'] == 200:
                return daemon, time.monotonic() - began
        except OSError:
            pass
        time.sleep(0.001)
    raise SystemExit('incusd did not become ready')


def stop(daemon):
    daemon.send_signal(signal.SIGTERM)
    daemon.wait(60)


def cpu_seconds(daemon):
    fields = open(f'/proc/{daemon.pid}/stat').read().rsplit(')', 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def resident(daemon):
    return int(open(f'/proc/{daemon.pid}/status').read().split('VmRSS:')[1].split()[0]) / 1024


def create(first, count):
    connection = Connection('incus')
    for number in range(first, count):
        answer = call(connection, 'POST', '/1.0/instances', {'name': f'n{number:04}', 'source': {'type': 'none'}})
        done = call(connection, 'GET', answer['operation'] + '/wait')
        assert done['metadata']['status_code'] == 200, done


def measure_lists(daemon, count):
    for name, query in QUERIES.items():
        for clients in (1, 8):
            rounds = []
            for _ in range(3):
                before = cpu_seconds(daemon)
                words = subprocess.run([LOAD, SOCKET, '/1.0/instances?' + query, str(clients), '2'], check=True, capture_output=True, text=True).stdout.split()
                requests, seconds, p50, p99 = int(words[0]), *map(float, words[1:4])
                rounds.append((requests / seconds, p50, p99, (cpu_seconds(daemon) - before) / requests * 1e6))
            for at, (what, unit) in enumerate((('rps', 'req/s'), ('p50', 'ms'), ('p99', 'ms'), ('cpu_per_request', 'us'))):
                record(f'list_{count}_{name}_c{clients}_{what}', statistics.median(one[at] for one in rounds), unit)


def measure_command(count):
    for name, words in (('list', ['list']), ('list_names', ['list', '-c', 'n', '-f', 'csv'])):
        times = []
        for _ in range(10):
            began = time.monotonic()
            subprocess.run(['incus', *words], check=True, stdout=subprocess.DEVNULL)
            times.append((time.monotonic() - began) * 1e3)
        record(f'incus_{name}_{count}', statistics.median(times), 'ms')


shutil.rmtree(FOLDER, ignore_errors=True)
os.makedirs(FOLDER, 0o711)
daemon, _ = start()
subprocess.run(['incus', 'admin', 'init', '--minimal'], check=True, stdout=subprocess.DEVNULL)
made = 0
for count in COUNTS:
    began = time.monotonic()
    create(made, count)
    if count > made:
        record(f'create_empty_{count}', (time.monotonic() - began) * 1e3 / (count - made), 'ms')
    made = max(made, count)
    measure_lists(daemon, count)
    measure_command(count)
    record(f'rss_{count}_after_load', resident(daemon), 'MiB')
    stop(daemon)
    daemon, seconds = start()
    record(f'restart_{count}', seconds * 1e3, 'ms')
    time.sleep(5)
    record(f'rss_{count}_idle', resident(daemon), 'MiB')
stop(daemon)
shutil.rmtree(FOLDER, ignore_errors=True)
