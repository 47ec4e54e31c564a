"""baresip as a TLS client, driven over its control port."""
import json
import os
import socket
import time

from .child import Child
from .kamailio import PASSWORD
from .names import PORT as DNS_PORT
from .place import NAMES
from .report import need

CONTROL_PORT = 4444

CONFIG = """
poll_method        epoll
sip_listen         %(address)s:5060
sip_cafile         %(ca)s
call_local_timeout 20
call_max_calls     4
audio_player       aubridge,%(user)s
audio_source       aubridge,%(user)s
audio_alert        aubridge,alert-%(user)s
audio_path         %(folder)s
ausrc_format       s16
auplay_format      s16
rtp_ports          %(rtp)s
dns_server         %(dns)s:%(dns_port)d
net_interface      %(address)s
ctrl_tcp_listen    %(address)s:%(control)d
module_path        %(modules)s
module             g711.so
module             aubridge.so
module_tmp         uuid.so
module_tmp         account.so
module_app         menu.so
module_app         ctrl_tcp.so
"""


def _modules():
    for folder in ("/usr/lib/baresip/modules",
                   "/usr/lib/x86_64-linux-gnu/baresip/modules"):
        if os.path.isdir(folder):
            return folder
    return ""


class Baresip(Child):
    """One user agent with one account."""

    def __init__(self, place, user, n, account="", domain="example.com"):
        """account: parameters after the address, such as ;sipnat=outbound."""
        need("baresip")
        folder = place.path("baresip-%s-%d" % (user, n))
        os.makedirs(folder, exist_ok=True)
        self.address = place.address(n)
        self.user = user
        self.events = []
        values = {
            "address": self.address, "ca": place.ca("external"), "user": user,
            "folder": folder, "dns": place.address(NAMES),
            "dns_port": DNS_PORT, "control": CONTROL_PORT,
            "modules": _modules(),
            "rtp": "%d-%d" % (20000 + n * 100, 20098 + n * 100)}
        place.write(os.path.join(folder, "config"), CONFIG % values)
        place.write(os.path.join(folder, "accounts"),
                    "<sip:%s@%s;transport=tls>;auth_user=%s;auth_pass=%s"
                    ";regint=600%s\n" % (user, domain, user, PASSWORD,
                                         account))
        place.write(os.path.join(folder, "contacts"), "")
        super().__init__("baresip " + user,
                         ["baresip", "-4", "-s", "-f", folder],
                         place.path("baresip-%s-%d.log" % (user, n)))
        self.wait_port(self.address, CONTROL_PORT)
        self._s = socket.create_connection((self.address, CONTROL_PORT), 5)
        self._rest = b""

    def registered(self, timeout=30):
        """Wait until its registration was taken."""
        self.wait_said(r"^%s.*200 OK.*\[[1-9][0-9]* binding" % self.user,
                       timeout)

    def command(self, name, params=""):
        """Give a command; its answer comes among the events."""
        text = json.dumps({"command": name, "params": params,
                           "token": name}).encode()
        self._s.sendall(b"%d:%s," % (len(text), text))

    def _take(self):
        head, colon, rest = self._rest.partition(b":")
        if not colon or len(rest) <= int(head):
            return None
        self._rest = rest[int(head) + 1:]
        return json.loads(rest[:int(head)])

    def expect(self, kind, timeout=30):
        """Wait for an event, such as CALL_ESTABLISHED; skips others."""
        end = time.monotonic() + timeout
        while True:
            event = self._take()
            if event and event.get("type") == kind:
                self.events.append(event)
                return event
            if event:
                self.events.append(event)
                continue
            self._fill(end, kind)

    def _fill(self, end, kind):
        left = end - time.monotonic()
        if left <= 0:
            got = [e.get("type") or e.get("data") for e in self.events[-4:]]
            raise TimeoutError("%s: no %s; last: %s; %s" % (
                self.name, kind, got, self.tail(2)))
        self._s.settimeout(left)
        try:
            more = self._s.recv(65536)
        except TimeoutError:
            return
        if not more:
            raise RuntimeError(self.name + " closed its control port")
        self._rest += more
