# SPDX-License-Identifier: Apache-2.0
# world.py - what walk and load share: the witnesses, and calls as a runtime makes them
#
# The witnesses are iproute2, sysfs and files. Under emulation a process costs 25 ms, and an `ip` that stays and is asked
# again 3 ms: so there is one for the host and one for each pod, which ends before its namespace does.
import glob
import json
import os
import shutil
import signal
import subprocess
import sys
import time

STATE, LEASES, NETNS = '/run/sriov-cni', '/var/lib/cni/networks', '/run/netns'
DEVICES, IGBVF = '/sys/bus/pci/devices', '/sys/bus/pci/drivers/igbvf'
IPAM = ('host-local', 'ipam-shim')  # either keeps the same files
FOREVER = 60  # no call of the plugin takes so long

# What may differ, and why, stands at normal_world in integration/bats/lib.bash. Promiscuity is the kernel's count, not the
# flag: a macvlan that goes with its pod leaves it one too high until the VF is up again.
UNSTEADY = {'ifindex', 'operstate', 'qdisc', 'permaddr', 'promiscuity'}
CARRIER = {'LOWER_UP', 'NO-CARRIER'}


class Wrong(Exception):
    """The world is not as it has to be."""


def require_machine():
    if not os.path.isdir('/run/vm'):
        sys.exit('this takes all SR-IOV NICs; it runs in the virtual machine: make soak')
    if not os.path.isdir('/sys/class/net/pf1/device/virtfn6'):
        sys.exit('the machine has to have two PFs with 7 VFs each: integration/vm --pfs 2 --wire')


def install_plugins(folder='/run/cni-soak'):
    """The plugin and host-local, in memory. Result: the folder, for CNI_PATH."""
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
    os.makedirs(folder, exist_ok=True)
    shutil.copy(os.environ.get('SRIOV', root + '/build/sriov'), folder + '/sriov')
    shutil.copy('/usr/lib/cni/host-local', folder)
    return folder


# --- iproute2 ---

def ip(*lines, netns=None, force=False):
    """Runs the lines as one batch, with force to its end. Result: whether all went well."""
    args = ['ip'] + (['-n', netns] if netns else []) + (['-force'] if force else []) + ['-batch', '-']
    return not subprocess.run(args, input='\n'.join(lines) + '\n', text=True, stderr=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, close_fds=False).returncode


class Witness:
    """`ip` in one namespace, which is asked again and again."""

    def __init__(self, netns=None):
        self.ip = subprocess.Popen(
            ['stdbuf', '-oL', 'ip'] + (['-n', netns] if netns else []) + ['-d', '-j', '-batch', '-'],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def links(self):
        self.ip.stdin.write(b'link show\n')
        self.ip.stdin.flush()
        return json.loads(self.ip.stdout.readline())

    def end(self):
        self.ip.stdin.close()
        self.ip.wait()
        self.ip.stdout.close()


def normal(link):
    l = {k: v for k, v in link.items() if k not in UNSTEADY and k != 'vfinfo_list'}
    l['flags'] = sorted(set(l['flags']) - CARRIER)
    if 'altnames' in l:
        l['altnames'] = sorted(l['altnames'])
    return l


def by_device(links):
    """The links of PCI devices, by the device's address."""
    return {l['parentdev']: l for l in links if l.get('parentbus') == 'pci'}


# --- files ---

def read(path):
    try:
        with open(path) as f:
            return f.read()
    except OSError:
        return None


def write(path, text):
    with open(path, 'w') as f:
        f.write(text)


def driver(pci):
    try:
        return os.path.basename(os.readlink(f'{DEVICES}/{pci}/driver'))
    except OSError:
        return None


def record(pci):
    """The record of a VF: None, or its first object, who has it."""
    text = read(f'{STATE}/{pci}.json')
    return None if text is None else json.loads(text.splitlines()[0])


def state_files():
    """What is in the state folder, but for the locks, which stay."""
    try:
        return {f for f in os.listdir(STATE) if not f.endswith('.lock')}
    except OSError:
        return set()


def leases():
    """(network, container, interface) of every address that is given."""
    found = set()
    for path in glob.glob(LEASES + '/*/[0-9]*'):
        found.add((path.split('/')[-2], *read(path).split()))
    return found


def devices():
    """The PCI addresses of the PFs, and of each one's VFs."""
    found = {}
    for pf in ('pf0', 'pf1'):
        pci = os.path.basename(os.path.realpath(f'/sys/class/net/{pf}/device'))
        found[pci] = [os.path.basename(os.path.realpath(f'{DEVICES}/{pci}/virtfn{n}')) for n in range(7)]
    return found


def within(seconds, true, what):
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            raise Wrong(f'{what}: not within {seconds} s')
        time.sleep(0.02)


def difference(have, want):
    if isinstance(have, dict) and isinstance(want, dict):
        return ''.join(f'  {k}: is {have.get(k)!r}, should be {want.get(k)!r}\n' if not isinstance(have.get(k), dict) else
                       difference(have[k], want.get(k))
                       for k in sorted(have.keys() | want.keys()) if have.get(k) != want.get(k))
    if isinstance(have, set) and isinstance(want, set):
        return f'  not expected: {sorted(have - want)}\n  missing: {sorted(want - have)}\n'
    return f'  is        {have!r}\n  should be {want!r}\n'


# --- calls ---

def waiting_in_kernel():
    """For a call that hangs: each process that waits for the kernel, or is the plugin, and where in the kernel it is."""
    found = ''
    for pid in filter(str.isdigit, os.listdir('/proc')):
        try:
            with open(f'/proc/{pid}/stat') as stat, open(f'/proc/{pid}/stack') as stack:
                name, rest = stat.read().split('(', 1)[1].rsplit(') ', 1)
                if rest[0] == 'D' or name == 'sriov':
                    found += f'\n{pid} {name} {rest[0]}\n{stack.read()}'
        except OSError:
            continue  # it has ended
    return found


class Call:
    """One call of the plugin, as a runtime makes it."""

    def __init__(self, cni_path, command, cid, ifname, netns, conf, under=()):
        env = {'CNI_COMMAND': command, 'CNI_CONTAINERID': cid, 'CNI_IFNAME': ifname, 'CNI_NETNS': netns,
               'CNI_PATH': cni_path, 'PATH': os.environ['PATH']}
        self.command, self.files = command, [os.memfd_create(n) for n in ('in', 'out', 'err')]
        os.write(self.files[0], json.dumps(conf).encode())
        os.lseek(self.files[0], 0, os.SEEK_SET)
        self.process = subprocess.Popen([*under, cni_path + '/sriov'], env=env, stdin=self.files[0],
                                        stdout=self.files[1], stderr=self.files[2])

    def wait(self):
        """Result: self with status (negative: the signal), out, err and, for an error, code and msg."""
        where = ''

        def stop(*_):
            nonlocal where
            where = waiting_in_kernel()
            self.process.kill()

        signal.signal(signal.SIGALRM, stop)
        signal.alarm(FOREVER)
        begin = time.monotonic()
        status = self.process.wait()
        signal.alarm(0)
        return self.ended(status, time.monotonic() - begin, where)

    def ended(self, status, took=0, where=''):
        self.status = status
        self.out, self.err = (os.pread(fd, 1 << 20, 0).decode() for fd in self.files[1:])
        for fd in self.files:
            os.close(fd)
        self.code, self.msg = None, ''
        if took >= FOREVER:
            raise Wrong(f'{self.command} has hung: {self.err}{where}')
        if status == 0:
            if bool(self.out) != (self.command == 'ADD'):
                raise Wrong(f'{self.command} succeeded and printed "{self.out}"')
        elif status == 1:
            answer = json.loads(self.out)  # one object and nothing else
            self.code, self.msg = answer['code'], answer['msg']
        return self
