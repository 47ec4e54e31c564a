"""edgelab: a director, homes, users and devices of our own around sip-edge.

A test file makes Groups, each with one Lab (addresses, certificates, doubles,
the edge), writes its tests as functions of the Lab, and calls main().
"""

from .edge import Edge, check_config, libconfig, merge, program
from .lab import (INSIDE_FQDN, OUTSIDE_FQDN, Group, Lab, Skip, base_config,
                  block, main)
from .peers import Device, Party, callee_dialog
from .pki import TOP, pki
from .place import free_port, listens, sockets, until
from .servers import FakeServer, server_context
from .sip import (SDP, Dialog, Message, answer, build, fresh, host_of,
                  split_list, tag_of, uri_of, user_of)
from .stream import (Closed, Stream, Timeout, client_context, connect_tcp,
                     connect_tls)

__all__ = [n for n in dir() if not n.startswith("_")]
