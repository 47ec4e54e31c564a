"""One connection to or from the edge: bytes out, whole messages in."""

import select
import socket
import ssl
import threading
import time

from .sip import Message, length_of_first

# What must come is waited for so long, on however busy a machine: it costs
# time only where a test fails.
WAIT_S = 20.0
# Below every deadline that might close a connection instead of the reason
# that a test is about (limits.handshake_s: 10).
CLOSED_S = 8.0


class Timeout(AssertionError):
    pass


class Closed(AssertionError):
    pass


class Stream:
    """A connected socket, TLS or not. One lock guards the TLS state, since
    OpenSSL allows no read beside a write on one connection."""

    def __init__(self, sock, name):
        self.sock, self.name = sock, name
        self.lock = threading.Lock()
        self.buf = b""
        self.inbox, self.record = [], []
        self.closed, self.why_closed = False, None
        self.pongs = 0
        sock.setblocking(False)

    @property
    def local(self):
        return self.sock.getsockname()[:2]

    @property
    def peer(self):
        return self.sock.getpeername()[:2]

    def send(self, data, timeout=WAIT_S):
        """Send all of it, or raise Closed."""
        view, end = memoryview(bytes(data)), time.monotonic() + timeout
        while view:
            try:
                with self.lock:
                    view = view[self.sock.send(view):]
                continue
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError,
                    BlockingIOError):
                pass
            except (OSError, ValueError) as e:
                self._end(e)
                raise Closed("%s: cannot send: %s" % (self.name, e)) from e
            if time.monotonic() > end:
                raise Timeout("%s: the edge does not read" % self.name)
            select.select([], [self.sock], [], 0.05)

    def send_each(self, data, size=1):
        """Send in pieces of `size` bytes, each in its own write."""
        data = bytes(data)
        for i in range(0, len(data), size):
            self.send(data[i:i + size])

    def _end(self, why):
        self.closed, self.why_closed = True, why

    def _read(self):
        """Read what is there; False when nothing was."""
        got = False
        while not self.closed:
            try:
                with self.lock:
                    data = self.sock.recv(65536)
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError,
                    BlockingIOError):
                return got
            except (OSError, ValueError) as e:
                self._end(e)
                return got
            if not data:
                self._end("end of stream")
                return got
            got = True
            self.buf += data
        return got

    def _cut(self):
        """Cut whole messages and pongs off the front."""
        out = []
        while self.buf:
            if self.buf.startswith(b"\r\n"):
                self.pongs += 1
                self.buf = self.buf[2:]
                continue
            size = length_of_first(self.buf)
            if size is None:
                break
            m = Message(self.buf[:size])
            m.stream = self
            self.buf = self.buf[size:]
            out.append(m)
        return out

    def pump(self, timeout):
        """Wait for bytes; returns the messages that became whole."""
        if self.closed:
            return []
        try:
            if not select.select([self.sock], [], [], timeout)[0]:
                return []
        except (OSError, ValueError) as e:
            self._end(e)
            return []
        self._read()
        new = self._cut()
        self.record += new
        return new

    def _take(self, want):
        for i, m in enumerate(self.inbox):
            if want is None or want(m):
                return self.inbox.pop(i)
        return None

    def receive(self, want=None, timeout=WAIT_S, what="a message"):
        """The next message that `want` accepts; the others stay."""
        end = time.monotonic() + timeout
        while True:
            m = self._take(want)
            if m:
                return m
            if self.closed:
                raise Closed("%s: closed (%s) while waiting for %s; kept %r"
                             % (self.name, self.why_closed, what, self.inbox))
            left = end - time.monotonic()
            if left <= 0:
                raise Timeout("%s: no %s within %g s; kept %r"
                              % (self.name, what, timeout, self.inbox))
            self.inbox += self.pump(min(left, 0.5))

    def expect(self, status, method=None, timeout=WAIT_S, call_id=None):
        """The next final or wanted response; 100 is passed over. It must
        carry `status` (a number or a tuple of them)."""
        codes = status if isinstance(status, tuple) else (status,)
        m = self.receive(
            lambda m: m.status and (m.status in codes or m.status > 199)
            and (method is None or m.method == method)
            and (call_id is None or m.call_id == call_id),
            timeout, "answer %s" % (codes,))
        assert m.status in codes, \
            "%s: expected %s, got %s" % (self.name, codes, m.start)
        return m

    def expect_request(self, method, timeout=WAIT_S, call_id=None):
        return self.receive(
            lambda m: m.method == method and not m.status
            and (call_id is None or m.call_id == call_id),
            timeout, method)

    def expect_nothing(self, seconds=0.3):
        """Nothing at all comes (besides 100) for a while."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and not self.closed:
            self.inbox += self.pump(max(0, end - time.monotonic()))
        rest = [m for m in self.inbox if m.status != 100]
        assert not rest, "%s: unexpected %r" % (self.name, rest)

    def expect_pong(self, count=1, timeout=WAIT_S):
        end = time.monotonic() + timeout
        while self.pongs < count:
            assert not self.closed, "%s: closed, no pong" % self.name
            assert time.monotonic() < end, "%s: no pong" % self.name
            self.inbox += self.pump(0.2)

    def expect_closed(self, within=CLOSED_S, not_before=0.0):
        """The edge closes; returns the seconds that it took."""
        began = time.monotonic()
        while not self.closed:
            took = time.monotonic() - began
            assert took < within, \
                "%s: still open after %.1f s" % (self.name, took)
            self.inbox += self.pump(0.1)
        took = time.monotonic() - began
        assert took >= not_before, \
            "%s: closed after only %.2f s" % (self.name, took)
        return took

    def is_open(self, seconds=0.0):
        self.inbox += self.pump(seconds)
        return not self.closed

    def close(self):
        self._end("closed by us")
        try:
            self.sock.close()
        except OSError:
            pass


def connect_tcp(to, source=None, timeout=WAIT_S, rcvbuf=None):
    """A TCP connection, by the source address asked for."""
    family = socket.AF_INET6 if ":" in to[0] else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.settimeout(timeout)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if rcvbuf:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
        if source:
            sock.bind((source, 0))
        sock.connect(to)
    except OSError:
        sock.close()
        raise
    return sock


def client_context(trust, cert=None, low=None, high=None, ciphers=None):
    """A client's TLS context; `cert` is (chain, key)."""
    ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    ctx.load_verify_locations(trust)
    if cert:
        ctx.load_cert_chain(*cert)
    if low or high:
        ctx.minimum_version = low or ssl.TLSVersion.TLSv1_2
        ctx.maximum_version = high or ssl.TLSVersion.TLSv1_3
    if ciphers:
        ctx.set_ciphers(ciphers)
    return ctx


def connect_tls(to, context, name, source=None, timeout=WAIT_S, rcvbuf=None):
    """A TLS connection; raises ssl.SSLError or OSError."""
    sock = connect_tcp(to, source, timeout, rcvbuf)
    try:
        return context.wrap_socket(sock, server_hostname=name)
    except (OSError, ValueError):
        sock.close()
        raise
