"""A small director of our own: mutual TLS, one answer to every request."""
import socket
import ssl
import threading


def read_message(stream):
    """One SIP message of a blocking stream, or None at its end."""
    head = b""
    while b"\r\n\r\n" not in head:
        more = stream.recv(4096)
        if not more:
            return None
        head = (head + more).lstrip(b"\r\n")
    head, rest = head.split(b"\r\n\r\n", 1)
    length = 0
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() in (b"content-length", b"l"):
            length = int(value)
    while len(rest) < length:
        more = stream.recv(4096)
        if not more:
            return None
        rest += more
    return (head + b"\r\n\r\n").decode(), rest[length:]


class Feed:
    """A socket with bytes put back in front of it."""

    def __init__(self, s):
        self._s = s
        self.kept = b""

    def recv(self, n):
        if self.kept:
            out, self.kept = self.kept, b""
            return out
        return self._s.recv(n)


def values(head, name):
    """All values of a header field, in order, as written."""
    lines = [x.partition(":") for x in head.split("\r\n")[1:]]
    return [v.strip() for n, _, v in lines
            if n.strip().lower() == name.lower()]


def answer(head, status, *extra):
    """A response to a request."""
    out = ["SIP/2.0 " + status]
    for name in ("Via", "From", "To", "Call-ID", "CSeq"):
        for value in values(head, name):
            if name == "To" and ";tag=" not in value:
                value += ";tag=dir"
            out.append("%s: %s" % (name, value))
    out += [*extra, "Content-Length: 0", "", ""]
    return "\r\n".join(out).encode()


class Director(threading.Thread):
    """Redirects every request to the contacts given, in q order."""

    def __init__(self, address, cert, ca, contacts):
        super().__init__(daemon=True)
        self.seen = []
        self.contacts = contacts
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(*cert)
        self._context.load_verify_locations(ca)
        self._context.verify_mode = ssl.CERT_REQUIRED
        self._listener = socket.create_server((address, 5061), backlog=64)
        self.start()

    def run(self):
        while True:
            try:
                s, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(s,),
                             daemon=True).start()

    def _serve(self, plain):
        try:
            with self._context.wrap_socket(plain, server_side=True) as s:
                self._converse(s)
        except OSError:
            pass

    def _converse(self, s):
        feed = Feed(s)
        while True:
            got = read_message(feed)
            if not got:
                return
            head, feed.kept = got
            method = head.split(" ", 1)[0]
            self.seen.append(head)
            if method != "ACK":
                s.sendall(answer(head, "302 Moved Temporarily",
                                 "Contact: " + ", ".join(self.contacts)))

    def count(self, method):
        """How many requests of a method have come."""
        return sum(head.startswith(method + " ") for head in self.seen)

    def stop(self):
        self._listener.close()
