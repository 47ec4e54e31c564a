"""Loopback addresses that nobody else uses, and what listens where."""

import ipaddress
import os
import socket
import struct
import time

LOCK_PORT = 40009
CLIENTS = (100, 249)


class Block:
    """A block 127.x.y.0/24 of our own, held by a bound socket."""

    def __init__(self):
        first = os.getpid() * 7
        for i in range(500):
            n = (first + i * 911) % (180 * 250)
            net = "127.%d.%d" % (40 + n // 250, 1 + n % 250)
            self.lock = socket.socket()
            try:
                self.lock.bind((net + ".254", LOCK_PORT))
            except OSError:
                self.lock.close()
                continue
            self.net, self._next = net, CLIENTS[0]
            return
        raise RuntimeError("no free loopback block")

    def __call__(self, host):
        return "%s.%d" % (self.net, host)

    def client(self):
        """The next address for a client: limits count by address."""
        address = self(self._next)
        self._next += 1
        if self._next > CLIENTS[1]:
            self._next = CLIENTS[0]
        return address


def _hex(address):
    packed = ipaddress.ip_address(address).packed
    words = struct.unpack("=%dI" % (len(packed) // 4), packed)
    return "".join("%08X" % w for w in words)


def sockets(address, port, state="0A"):
    """How many TCP sockets have that local address and state."""
    table = "/proc/net/tcp6" if ":" in address else "/proc/net/tcp"
    want = "%s:%04X" % (_hex(address), port)
    with open(table) as f:
        return sum(1 for line in f.readlines()[1:]
                   if line.split()[1] == want and line.split()[3] == state)


def listens(address, port):
    return sockets(address, port) > 0


def until(what, check, timeout=20.0, step=0.02):
    """Poll until check() is true; its value."""
    end = time.monotonic() + timeout
    while True:
        value = check()
        if value:
            return value
        assert time.monotonic() < end, "not within %g s: %s" % (timeout, what)
        time.sleep(step)


def free_port(address, family=socket.AF_INET6):
    """A port that is free now on an address shared with others (::1)."""
    with socket.socket(family, socket.SOCK_STREAM) as s:
        s.bind((address, 0))
        return s.getsockname()[1]
