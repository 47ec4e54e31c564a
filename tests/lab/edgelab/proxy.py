"""A home server that is a real proxy: it looks users up and passes requests
and answers on, so that both ends of a call are outside."""

import re
import threading

from .sip import build, fresh


class ProxyHome:
    """Makes a Home forward what is not REGISTER."""

    def __init__(self, home, record_route=True):
        self.home, self.record_route = home, record_route
        self.waiting, self.forwarded = {}, []
        self.out = home.connect()
        home.lab.keep(self)
        self.stop = False
        self.thread = threading.Thread(target=self._answers, daemon=True)
        self.thread.start()
        home.auto = {"REGISTER": home.register, "*": self.forward}

    def close(self):
        self.stop = True
        self.thread.join(2)
        self.out.close()

    def _answers(self):
        """Answers come back on our connection: ours off, then on."""
        while not self.stop and not self.out.closed:
            for m in self.out.pump(0.2):
                if m.status:
                    self._answer(m)
                else:
                    self.forward(m)

    def _answer(self, m):
        stream = self.waiting.get(m.branch)
        if not stream or m.status == 100:
            return
        raw = re.sub(rb"\r\nVia: [^\r]*", b"", m.raw, count=1)
        stream.send(raw)

    def _where(self, m):
        """(Request-URI, Route values) of what is sent on."""
        routes = m.all("route")
        if routes and self.home.fqdn in routes[0]:
            routes = routes[1:]
        if routes or m.get("to").count("tag="):
            return m.uri, routes
        aor = "sip:" + m.uri.split(":", 1)[1].split(";")[0]
        contact, path, _ = self.home.bindings.get(aor, (m.uri, [], None))
        return contact, path

    def forward(self, m):
        """One request on, to wherever the edge takes it."""
        uri, routes = self._where(m)
        branch = fresh("z9hG4bKprx")
        if m.method == "CANCEL":
            branch = next((b for b, s, i in self.forwarded
                           if s is m.stream and i == m.call_id), branch)
        head = [("Via", "SIP/2.0/TLS %s:5061;branch=%s" % (self.home.fqdn,
                                                           branch))]
        head += [("Via", v) for v in m.fields("via")]
        head += [("Route", r) for r in routes]
        if self.record_route and m.method == "INVITE":
            head.append(("Record-Route", self.home.route))
        head += [(n, v) for n, v in m.headers
                 if n.lower() not in ("via", "route")]
        self.waiting[branch] = m.stream
        if m.method == "INVITE":
            self.forwarded.append((branch, m.stream, m.call_id))
        self.out.send(build("%s %s SIP/2.0" % (m.method, uri), head, m.body))


__all__ = ["ProxyHome"]
