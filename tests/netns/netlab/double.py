"""Peers without a company: partners written in Python, and traps."""

import ssl

from edgelab import (FakeServer, Party, Stream, client_context, connect_tls,
                     server_context)
from edgelab.sip import answer, build, fresh


class Double:
    """A partner of one domain with a certificate of the public authority."""

    def __init__(self, world, domain, address, cert=None, space="net"):
        self.world, self.domain, self.address = world, domain, address
        self.space, self.server = space, None
        self.cert = world.cert("pub", cert or domain.split(".")[0] + "-edge")
        self.trust = world.ca("pub", "external")

    def connect(self, company):
        """Its user, on a connection of its edge to the company's edge."""
        context = client_context(self.trust, self.cert)
        with self.world.spaces.entered(self.space):
            sock = connect_tls((company.outside, 5061), context,
                               company.fqdn, self.address)
        stream = self.world.keep(Stream(sock, self.domain))
        return Party(stream, "sip:peer@" + self.domain,
                     "sip:peer@%s:5061;transport=tls" % self.address)

    def listen(self):
        """Take calls and messages: all succeed."""
        context = server_context(self.cert, self.trust)
        # ssl would refuse a client's certificate that is good for servers.
        context.verify_mode = ssl.CERT_NONE
        self.server = FakeServer(self.domain, self.address, 5061, context)
        self.server.auto = {"INVITE": self._take, "ACK": lambda m: None,
                            "*": lambda m: answer(m, 200)}
        with self.world.spaces.entered(self.space):
            self.server.start()
        self.world.keep(self.server)
        return self.server

    def _take(self, m):
        contact = "<sip:peer@%s:5061;transport=tls>" % self.address
        return answer(m, 180, to_tag="d" + m.call_id[:8]) + answer(
            m, 200, extra=[("Contact", contact)], to_tag="d" + m.call_id[:8])


class Stuck(FakeServer):
    """A listener that takes connections and never says a word."""

    def __init__(self, world, address, port=5061):
        super().__init__("stuck", address, port)
        self.held = []
        self.on_accept = lambda sock: self.held.append(sock) or True
        with world.spaces.entered("net"):
            self.start()
        world.keep(self)


class Trap(FakeServer):
    """A listener that nobody may connect to."""

    def __init__(self, world, space, address, port=5061):
        super().__init__("trap", address, port)
        with world.spaces.entered(space):
            self.start()
        world.keep(self)


def message(party, to, call_id=None):
    """A MESSAGE outside of dialogs."""
    return party.make("MESSAGE", to, call_id=call_id or fresh("m") + "@" +
                      party.aor.split("@")[1])


__all__ = ["Double", "Stuck", "Trap", "build", "message"]
