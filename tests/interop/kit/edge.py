"""The program under test, with a configuration for one block."""
import hashlib
import os

from .child import Child
from .place import (DEVICE, DEVICE2, DEVICE3, DIRECTOR, HOME, HOME2, INSIDE,
                    NAMES, OUTSIDE, ROOT)

USERS_PORT = 4443

CONFIG = """
edge:
{
  state_dir   = "%(state)s";
  workers     = %(workers)d;
  sip_domains = [ "example.com", "example.org" ];
  log_level   = "debug";
};
outside:
{
  address = [ "%(outside)s" ];
  fqdn    = "sip.example.com";
  tls:
  {
    port        = 5061;
    certificate = "%(pki)s/edge-outside.chain";
    key         = "%(pki)s/edge-outside.key";
    trust       = "%(pki)s/external-ca.crt";
    %(tls)s
  };
  users_port = %(users_port)d;
};
inside:
{
  address = [ "%(inside)s" ];
  fqdn    = "edge01.internal.example";
  tls:
  {
    port        = 5061;
    certificate = "%(pki)s/edge-inside.chain";
    key         = "%(pki)s/edge-inside.key";
    trust       = "%(pki)s/internal-ca.crt";
  };
  trusted_servers = [ "dir01.internal.example", "home01.internal.example",
                      "home02.internal.example" ];
};
hosts = (
  { name = "dir01.internal.example";  address = [ "%(director)s" ]; },
  { name = "home01.internal.example"; address = [ "%(home)s" ]; },
  { name = "home02.internal.example"; address = [ "%(home2)s" ]; }
);
routing:
{
  %(directors)s
  home_servers = [ "home01.internal.example", "home02.internal.example" ];
};
devices:
{
  enabled  = true;
  leg      = "outside";
  tcp_port = 5060;
  device = (
    { name       = "room1";
      address    = [ "%(device)s" ];
      identities = [ "sip:room1@example.com" ];
      contact    = "sip:room1@%(device)s:5060;transport=tcp"; },
    { name       = "room2";
      address    = [ "%(device2)s" ];
      identities = [ "sip:room2@example.com" ];
      contact    = "sip:room2@%(device2)s:5060;transport=tcp"; },
    { name       = "room3"; # its password is secret
      address    = [ "%(device3)s" ];
      identities = [ "sip:room3@example.com" ];
      digest     = "%(ha1)s"; }
  );
};
# The tests knock faster than one client does, all from one address.
limits:
{
  unauth_connections = 1000;
  unauth_rate        = 2000;
};
"""


def program():
    """The built sip-edge, or None."""
    folders = [os.environ.get("BUILD_DIR"), "build-asan", "build"]
    for folder in filter(None, folders):
        path = os.path.join(ROOT, folder, "edge", "sip-edge")
        if os.access(path, os.X_OK):
            return path
    return None


def config(place, director=True, workers=2, tls=""):
    """Configuration text for a place; tls: more of outside.tls."""
    names = {"outside": OUTSIDE, "inside": INSIDE, "director": DIRECTOR,
             "home": HOME, "home2": HOME2, "device": DEVICE,
             "device2": DEVICE2, "device3": DEVICE3, "names": NAMES}
    values = {k: place.address(n) for k, n in names.items()}
    values.update(state=place.path("state"), pki=place.path("pki"),
                  workers=workers, users_port=USERS_PORT, directors="",
                  tls=tls)
    values["ha1"] = hashlib.md5(b"room3:example.com:secret").hexdigest()
    if director:
        values["directors"] = 'directors = [ "dir01.internal.example" ];'
    return CONFIG % values


class Edge(Child):
    """sip-edge in the foreground, listening when this returns."""

    def __init__(self, place, director=True, workers=2, tls=""):
        os.makedirs(place.path("state"), mode=0o700, exist_ok=True)
        path = place.write("edge.cfg", config(place, director, workers,
                                                tls))
        os.chmod(path, 0o640)  # for the digest in it
        super().__init__("sip-edge", [program(), path],
                         place.path("edge.log"))
        self.wait_port(place.address(OUTSIDE), 5061)
        self.wait_port(place.address(INSIDE), 5061)

    def stop(self, timeout=40):
        """End it; complain of a bad exit or of a sanitizer's report."""
        status = super().stop(timeout)
        said = self.said()
        for word in ("AddressSanitizer", "LeakSanitizer", "runtime error:"):
            if word in said:
                line = next(x for x in said.splitlines() if word in x)
                raise AssertionError("sip-edge: " + line)
        if status != 0:
            raise AssertionError("sip-edge ended with status %s: %s"
                                 % (status, self.tail()))
        return status
