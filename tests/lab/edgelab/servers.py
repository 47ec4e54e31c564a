"""Who the edge speaks to: director, home servers, devices that listen.

A server records every connection and every message. Requests that `auto`
names are answered at once, on the connection's own thread; the others wait in
the inbox for the test.
"""

import socket
import ssl
import threading
import time

from .place import until
from .sip import Dialog, Message, answer, fresh, uri_of
from .stream import WAIT_S, Stream, client_context, connect_tls


def server_context(cert, trust):
    """What a server inside shows and demands: a certificate both ways."""
    ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ctx.load_cert_chain(*cert)
    ctx.load_verify_locations(trust)
    ctx.verify_mode = ssl.CERT_REQUIRED
    return ctx


class FakeServer:
    """A threaded server; TLS when it has a context."""

    def __init__(self, name, address, port, context=None):
        self.name, self.address, self.port = name, address, port
        self.context = context
        self.auto, self.on_accept = {}, None
        self.tag = fresh("srv")
        self.lock = threading.Condition()
        self.listener = None
        self.messages, self.past = [], set()
        self.reset()

    # what happened

    def reset(self):
        """Forget what was recorded; open connections stay. What still comes
        of a call that is past (the ACK of a refusal) is not recorded."""
        with self.lock:
            self.past.update(m.call_id for m in self.messages)
            self.inbox, self.messages, self.accepted = [], [], []

    def counts(self):
        with self.lock:
            return len(self.accepted), len(self.messages)

    def got(self, method=None, status=None):
        """Messages recorded so far."""
        with self.lock:
            return [m for m in self.messages
                    if (method is None or (m.method == method
                                           and not m.status))
                    and (status is None or m.status == status)]

    # its life

    def start(self):
        family = socket.AF_INET6 if ":" in self.address else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_STREAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((self.address, self.port))
        sock.listen(64)
        self.streams, self.listener = [], sock
        threading.Thread(target=self._accept, args=(sock,),
                         daemon=True).start()
        return self

    def stop(self):
        """Stop listening and drop every connection."""
        sock, self.listener = self.listener, None
        if not sock:
            return
        try:
            sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        sock.close()
        self.drop()

    def drop(self):
        """Close the connections that are open."""
        with self.lock:
            streams, self.streams = self.streams, []
        for s in streams:
            try:
                s.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            s.close()

    def _accept(self, listener):
        while self.listener is listener:
            try:
                sock, peer = listener.accept()
            except OSError:
                return
            with self.lock:
                self.accepted.append(peer[:2])
                self.lock.notify_all()
            threading.Thread(target=self._serve, args=(sock,),
                             daemon=True).start()

    def _serve(self, sock):
        try:
            if self.on_accept and self.on_accept(sock):
                return
            sock.settimeout(WAIT_S)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.context:
                sock = self.context.wrap_socket(sock, server_side=True)
            stream = Stream(sock, self.name)
        except (OSError, ValueError) as e:
            with self.lock:
                self.handshake_error = str(e)
            sock.close()
            return
        with self.lock:
            self.streams.append(stream)
        while not stream.closed:
            for m in stream.pump(0.5):
                self._deliver(stream, m)
        stream.close()

    def _deliver(self, stream, m):
        with self.lock:
            if m.method == "ACK" and not m.status and m.call_id in self.past:
                return
            self.messages.append(m)
        act = None if m.status else self.auto.get(m.method,
                                                  self.auto.get("*"))
        out = act(m) if act else "inbox"
        if out == "inbox":
            with self.lock:
                self.inbox.append(m)
        elif out is not None:
            try:
                stream.send(out)
            except AssertionError:
                pass
        with self.lock:
            self.lock.notify_all()

    # what the test asks for

    def receive(self, want, timeout=WAIT_S, what="a message"):
        end = time.monotonic() + timeout
        with self.lock:
            while True:
                for i, m in enumerate(self.inbox):
                    if want(m):
                        return self.inbox.pop(i)
                left = end - time.monotonic()
                assert left > 0, "%s: no %s within %g s; got %r" % (
                    self.name, what, timeout, self.messages[-4:])
                self.lock.wait(left)

    def expect_request(self, method, timeout=WAIT_S, call_id=None):
        return self.receive(lambda m: m.method == method and not m.status and
                            (call_id is None or m.call_id == call_id),
                            timeout, method)

    def expect_none(self, method, seconds=0.3):
        time.sleep(seconds)
        assert not self.got(method), "%s: unexpected %r" % (
            self.name, self.got(method))

    def wait_got(self, method, count=1, timeout=WAIT_S):
        """Wait until that many requests of a method were recorded."""
        until("%s got %d %s" % (self.name, count, method),
              lambda: len(self.got(method)) >= count, timeout)
        return self.got(method)


class InsideServer(FakeServer):
    """A director or home server: listens for the edge, connects to it."""

    def __init__(self, lab, short, host):
        self.lab, self.short = lab, short
        self.fqdn = short + ".internal.example"
        self.cert = lab.pki.cert(short)
        super().__init__(short, lab.block(host), 5061,
                         server_context(self.cert, lab.pki.ca("inside")))
        self.uri = "sip:%s:5061;transport=tls" % self.fqdn
        self.contact = "sip:srv@%s:5061;transport=tls" % self.fqdn
        self.route = "<%s;lr>" % self.uri
        self._client = None

    def via(self, branch=None):
        return "SIP/2.0/TLS %s:5061;branch=%s;rport" % (
            self.fqdn, branch or fresh("z9hG4bKsrv"))

    @property
    def client(self):
        """Our own connection to the edge's inside leg."""
        if not self._client or not self._client.is_open():
            self._client = self.connect()
        return self._client

    def connect(self):
        ctx = client_context(self.lab.pki.ca("inside"), self.cert)
        return Stream(connect_tls(self.lab.inside, ctx, self.lab.inside_fqdn,
                                  self.address), self.name + "->edge")

    def hang_up(self):
        if self._client:
            self._client.close()
            self._client = None

    def send(self, data):
        self.client.send(data)

    def expect(self, status, method=None, **how):
        return self.client.expect(status, method, **how)

    def reply(self, req, status, extra=(), body=b"", record_route=True, **how):
        """Answer a request; dialogs get our Record-Route on top."""
        if status < 300 and req.method in ("INVITE", "UPDATE", "SUBSCRIBE"):
            extra = [("Contact", "<%s>" % self.contact), *extra]
        how.setdefault("to_tag", self.tag)
        raw = answer(req, status, extra=extra, body=body, **how)
        if record_route and 100 < status < 300 and req.all("record-route"):
            raw = raw.replace(b"\r\nRecord-Route:", b"\r\nRecord-Route: %s"
                              b"\r\nRecord-Route:" % self.route.encode(), 1)
        req.stream.send(raw)
        return raw

    def dialog(self, req, resp):
        """The dialog of a call we answered. A proxy's own Record-Route is
        taken off again: this end is the proxy as well."""
        d = Dialog.of_callee(self, req, resp)
        d.target = uri_of(req.get("contact"))
        return d


class Director(InsideServer):
    """Answers everything with a redirect, or as `script` says."""

    def __init__(self, lab):
        super().__init__(lab, "dir01", 3)
        self.reset_script()

    def reset_script(self):
        self.status = 302
        self.homes = [("home01", "0.7"), ("home02", "0.3")]
        self.script = None
        self.auto = {"*": self._redirect, "ACK": lambda m: None}

    def contacts(self, homes=None):
        out = []
        for home, q in homes or self.homes:
            uri = home if home.startswith("sip") else \
                "sip:%s.internal.example:5061;transport=tls" % home
            out.append("<%s>" % uri + (";q=" + q if q else ""))
        return [("Contact", ", ".join(out))]

    def _redirect(self, m):
        if self.script:
            return self.script(m)
        return answer(m, self.status, extra=self.contacts())


class Home(InsideServer):
    """A registrar; other requests wait for the test."""

    def __init__(self, lab, short, host):
        super().__init__(lab, short, host)
        self.bindings = {}
        self.reset_script()

    def reset_script(self):
        self.challenge = False
        self.reg_extra = ()
        self.on_accept = None
        self.auto = {"REGISTER": self.register}

    def register(self, m):
        """Store the binding and say 200; ask for a digest when told to."""
        aor = uri_of(m.get("to"))
        if self.challenge and not m.get("authorization"):
            return answer(m, 401, extra=[("WWW-Authenticate", 'Digest '
                          'realm="example.com",nonce="%s"' % fresh("n"))])
        contacts = m.all("contact")
        gone = m.get("expires") == "0" or any(
            c.endswith("expires=0") for c in contacts)
        if gone or not contacts:
            self.bindings.pop(aor, None)
            return answer(m, 200, extra=self.reg_extra)
        self.bindings[aor] = (uri_of(contacts[0]), m.all("path"), m)
        extra = [("Contact", c if "expires=" in c else c + ";expires=3600")
                 for c in contacts]
        extra += [("Path", p) for p in m.all("path")]
        return answer(m, 200, extra=extra + list(self.reg_extra))

    def call(self, aor, method="INVITE", frm="sip:carol@example.com", body=b"",
             extra=(), record_route=True, branch=None, target=None,
             routes=None, call_id=None, contact=None, via=None, cseq=1):
        """Send a request to a registered user, down the Path."""
        stored, path, _ = self.bindings.get(aor, (None, [], None))
        routes = path if routes is None else routes
        lines = ["%s %s SIP/2.0" % (method, target or stored or aor),
                 "Via: " + (via or self.via(branch)), "Max-Forwards: 69"]
        lines += ["Route: " + r for r in routes]
        if record_route and method in ("INVITE", "SUBSCRIBE"):
            lines.append("Record-Route: " + self.route)
        lines += ["From: <%s>;tag=%s" % (frm, fresh("carol")),
                  "To: <%s>" % aor,
                  "Call-ID: " + (call_id or fresh("in") + "@lab"),
                  "CSeq: %d %s" % (cseq, method)]
        if method in ("INVITE", "SUBSCRIBE"):
            lines.append("Contact: <%s>" % (contact or self.contact))
        lines += ["%s: %s" % h for h in extra]
        if body:
            lines.append("Content-Type: application/sdp")
        lines += ["Content-Length: %d" % len(body), "", ""]
        raw = "\r\n".join(lines).encode("latin-1") + body
        self.client.send(raw)
        return Message(raw)

    def caller_dialog(self, invite, resp):
        """The dialog of a call we placed; our own Record-Route, last in the
        answer, is first in the route set and is ourselves: skipped."""
        d = Dialog.of_caller(self, invite, resp)
        if d.routes and d.routes[0] == self.route:
            d.routes = d.routes[1:]
        return d
