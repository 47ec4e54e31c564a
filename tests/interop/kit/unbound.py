"""A real DNS server: unbound, with local data for our edge to ask."""
import shutil

from .child import Child, wait_until
from .place import NAMES
from .report import Skip

PORT = 5353
PROGRAM = shutil.which("unbound", path="/usr/sbin:/usr/bin")

CONFIG = """server:
  interface: %(address)s@%(port)d
  chroot: ""
  username: ""
  pidfile: ""
  directory: "%(folder)s"
  use-syslog: no
  do-daemonize: no
  do-not-query-localhost: no
  access-control: 127.0.0.0/8 allow
  num-threads: 1
  do-ip6: no
  module-config: "iterator"
  log-queries: yes
  local-zone: "example." static
%(data)s
remote-control:
  control-enable: no
"""


class Unbound(Child):
    """Serves records of *.example and says NXDOMAIN to the rest of it."""

    def __init__(self, place, records):
        if not PROGRAM:
            raise Skip("unbound is not installed")
        address = place.address(NAMES)
        data = "\n".join("  local-data: '%s'" % r for r in records)
        path = place.write("unbound.conf", CONFIG % {
            "address": address, "port": PORT, "folder": place.folder,
            "data": data})
        super().__init__("unbound", [PROGRAM, "-d", "-c", path],
                         place.path("unbound.log"))
        self.server = "%s@%d" % (address, PORT)
        wait_until(lambda: "start of service" in self.said(), 30,
                   "unbound did not start")
