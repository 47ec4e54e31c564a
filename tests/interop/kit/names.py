"""A DNS server of one zone, so that clients find the edge as RFC 3263 says.

It answers A and SRV over UDP from a table and says NXDOMAIN to the rest.
"""
import socket
import struct
import threading

A, SRV = 1, 33
NOERROR, NXDOMAIN = 0, 3
PORT = 5353


def _pack(name):
    labels = name.rstrip(".").split(".")
    return b"".join(bytes([len(x)]) + x.encode() for x in labels) + b"\0"


def _unpack(packet, at):
    labels = []
    while packet[at]:
        n = packet[at]
        labels.append(packet[at + 1:at + 1 + n].decode())
        at += 1 + n
    return ".".join(labels).lower(), at + 1


def _record(kind, data):
    if kind == A:
        return socket.inet_aton(data)
    port, target = data
    return struct.pack("!HHH", 1, 1, port) + _pack(target)


class Names(threading.Thread):
    """Serves {(name, kind): [data]}; data is an address or (port, target)."""

    def __init__(self, address, table):
        super().__init__(daemon=True)
        self._table = table
        self._s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._s.bind((address, PORT))
        self.asked = []
        self.start()

    def run(self):
        while True:
            try:
                packet, peer = self._s.recvfrom(1500)
                self._s.sendto(self._answer(packet), peer)
            except OSError:
                return

    def _answer(self, packet):
        name, at = _unpack(packet, 12)
        kind = struct.unpack("!H", packet[at:at + 2])[0]
        self.asked.append((name, kind))
        found = self._table.get((name, kind), [])
        known = any(n == name for n, _ in self._table)
        flags = 0x8580 | (NOERROR if known else NXDOMAIN)
        out = packet[:2] + struct.pack("!HHHHH", flags, 1, len(found), 0, 0)
        out += packet[12:at + 4]
        for data in found:
            raw = _record(kind, data)
            out += b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 60, len(raw))
            out += raw
        return out

    def stop(self):
        self._s.close()
