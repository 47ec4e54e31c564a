"""The whole system: names, director, Kamailio as home, and the edge."""
from . import edge
from .baresip import Baresip
from .kamailio import Kamailio
from .names import A, SRV, Names
from .place import DIRECTOR, NAMES, OUTSIDE, UA, Place
from .sipserver import Director

OUTBOUND = ';outbound="sip:sip.example.com:5061;transport=tls"'


class Lab:
    """Everything between a client and its registrar, running."""

    def __init__(self, director=True, workers=2):
        if not edge.program():
            raise RuntimeError("sip-edge is not built")
        self.place = Place()
        self.place.pki()
        self.names = Names(self.place.address(NAMES), {
            ("sip.example.com", A): [self.place.address(OUTSIDE)],
            ("_sips._tcp.example.com", SRV): [(5061, "sip.example.com")],
        })
        self.director = None
        if director:
            self.director = Director(
                self.place.address(DIRECTOR), self.place.cert("dir01"),
                self.place.ca("internal"),
                ["<sip:home01.internal.example:5061;transport=tls>;q=0.7",
                 "<sip:home02.internal.example:5061;transport=tls>;q=0.3"])
        self.home = Kamailio(self.place)
        self.edge = edge.Edge(self.place, director, workers)
        self._next = UA
        self._agents = []

    def agent(self, user, account=OUTBOUND):
        """A registered baresip."""
        self._next += 1
        ua = Baresip(self.place, user, self._next, account)
        self._agents.append(ua)
        ua.registered()
        return ua

    def dismiss(self):
        """End the agents; they unregister."""
        while self._agents:
            self._agents.pop().stop()

    def stop(self):
        """End it all; complains when the edge's end was not clean."""
        self.dismiss()
        if self.director:
            self.director.stop()
        try:
            self.edge.stop()
        finally:
            self.home.stop()
            self.names.stop()

