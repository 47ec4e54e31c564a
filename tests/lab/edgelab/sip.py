"""SIP messages: a strict parser that keeps the bytes, builders, dialogs."""

import itertools
import re

COMPACT = {
    "v": "via", "f": "from", "t": "to", "i": "call-id", "m": "contact",
    "l": "content-length", "c": "content-type", "k": "supported",
    "s": "subject", "e": "content-encoding", "o": "event", "u": "allow-events",
    "r": "refer-to", "b": "referred-by", "x": "session-expires",
}
LISTS = {"via", "route", "record-route", "path", "contact", "service-route",
         "require", "supported", "unsupported", "proxy-require", "allow"}
REASONS = {
    100: "Trying", 180: "Ringing", 183: "Session Progress", 200: "OK",
    202: "Accepted", 300: "Multiple Choices", 301: "Moved Permanently",
    302: "Moved Temporarily", 400: "Bad Request", 401: "Unauthorized",
    403: "Forbidden", 404: "Not Found", 407: "Proxy Authentication Required",
    408: "Request Timeout", 430: "Flow Failed",
    439: "First Hop Lacks Outbound Support", 480: "Temporarily Unavailable",
    486: "Busy Here", 487: "Request Terminated", 488: "Not Acceptable Here",
    500: "Server Internal Error", 502: "Bad Gateway",
    503: "Service Unavailable", 603: "Decline",
}
SDP = (b"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\n"
       b"t=0 0\r\nm=audio 40000 RTP/AVP 0\r\n")
_serial = itertools.count(1)


def fresh(prefix):
    """A word that was never used before in this process."""
    return "%s%d" % (prefix, next(_serial))


def split_list(text):
    """Cut a comma-separated list, mindful of quotes and <>."""
    parts, start, quoted, angle, i = [], 0, False, 0, 0
    while i < len(text):
        c = text[i]
        if quoted:
            if c == "\\":
                i += 1
            elif c == '"':
                quoted = False
        elif c == '"':
            quoted = True
        elif c == "<":
            angle += 1
        elif c == ">":
            angle -= 1
        elif c == "," and not angle:
            parts.append(text[start:i].strip())
            start = i + 1
        i += 1
    parts.append(text[start:].strip())
    return [p for p in parts if p]


def uri_of(value):
    """The URI of a name-addr or addr-spec."""
    m = re.search(r"<([^>]*)>", value)
    return m.group(1) if m else value.split(";")[0].strip()


def tag_of(value):
    m = re.search(r";\s*tag=([^;\s>]+)", value.split(">")[-1])
    return m.group(1) if m else None


def user_of(uri):
    """The user part of a URI, "" when there is none."""
    m = re.match(r"sips?:([^@]*)@", uri)
    return m.group(1) if m else ""


def host_of(uri):
    """The host of a URI, without port and parameters."""
    rest = re.sub(r"^sips?:", "", uri).split("@")[-1]
    m = re.match(r"\[[^\]]*\]|[^:;?>]*", rest)
    return m.group(0)


class Message:
    """One SIP message as it came off the wire."""

    def __init__(self, raw):
        self.raw = raw
        self.stream = None
        head, _, self.body = raw.partition(b"\r\n\r\n")
        lines = head.split(b"\r\n")
        assert not any(b"\n" in x or b"\r" in x for x in lines), \
            "bare CR or LF in %r" % head
        self.start = lines[0].decode("latin-1")
        self.headers = []
        for line in lines[1:]:
            text = line.decode("latin-1")
            if text[:1] in " \t":
                name, value = self.headers[-1]
                self.headers[-1] = (name, value + " " + text.strip())
                continue
            name, colon, value = text.partition(":")
            assert colon and re.fullmatch(r"[!#-'*+\-.0-9A-Z^-z|~]+",
                                          name.strip()), \
                "not a header line: %r" % text
            self.headers.append((name.strip(), value.strip()))
        self._read_start()

    def _read_start(self):
        self.status, self.method, self.uri = None, None, None
        words = self.start.split(" ", 2)
        if words[0] == "SIP/2.0":
            self.status = int(words[1])
            self.method = self.get("cseq").split()[-1]
        else:
            assert len(words) == 3, "not a start line: %r" % self.start
            self.method, self.uri = words[0], words[1]

    def fields(self, name):
        """Each field value of that name, as written, top first."""
        want = name.lower()
        return [v for n, v in self.headers
                if COMPACT.get(n.lower(), n.lower()) == want]

    def all(self, name):
        """Each element of a list header, top first."""
        out = []
        for value in self.fields(name):
            out += split_list(value) if name.lower() in LISTS else [value]
        return out

    def get(self, name):
        values = self.all(name)
        return values[0] if values else None

    @property
    def call_id(self):
        return self.get("call-id")

    @property
    def cseq(self):
        return int(self.get("cseq").split()[0])

    @property
    def branch(self):
        m = re.search(r";\s*branch=([^;\s]+)", self.get("via"))
        return m.group(1) if m else None

    def __repr__(self):
        return "<%s; %s>" % (self.start, self.get("call-id"))

    def __bytes__(self):
        return self.raw


def length_of_first(buf):
    """Bytes of the first message in buf, or None when it is not whole."""
    end = buf.find(b"\r\n\r\n")
    if end < 0:
        return None
    found = re.findall(rb"(?im)^(?:content-length|l)[ \t]*:[ \t]*(\d+)[ \t]*\r?$",
                       buf[:end + 2])
    assert len(found) == 1, "%d Content-Length in %r" % (len(found), buf[:end])
    total = end + 4 + int(found[0])
    return total if len(buf) >= total else None


def build(start, headers, body=b""):
    """Put a message together; Content-Length is added unless given."""
    headers = [h for h in headers if h is not None]
    if not any(n.lower() in ("content-length", "l") for n, _ in headers):
        headers = headers + [("Content-Length", str(len(body)))]
    text = "".join("%s: %s\r\n" % h for h in headers)
    return (start + "\r\n" + text + "\r\n").encode("latin-1") + body


def answer(req, status, reason=None, extra=(), body=b"", to_tag="t1",
           drop=()):
    """The response that a UAS makes to a request."""
    to = req.get("to")
    if status > 100 and not tag_of(to):
        to += ";tag=" + to_tag
    headers = [("Via", v) for v in req.fields("via")]
    headers += [("Record-Route", v) for v in req.fields("record-route")
                if 100 < status < 300]
    headers += [("From", req.get("from")), ("To", to),
                ("Call-ID", req.call_id), ("CSeq", req.get("cseq"))]
    headers += list(extra)
    headers = [h for h in headers if h[0].lower() not in drop]
    if body:
        headers.append(("Content-Type", "application/sdp"))
    start = "SIP/2.0 %d %s" % (status, reason or REASONS.get(status, "Hm"))
    return build(start, headers, body)


class Dialog:
    """What one end remembers of a dialog (RFC 3261 §12)."""

    def __init__(self, party, call_id, local, remote, target, routes, cseq):
        self.party = party
        self.call_id, self.local, self.remote = call_id, local, remote
        self.target, self.routes, self.cseq = target, routes, cseq

    @classmethod
    def of_caller(cls, party, req, resp):
        """The end that sent the INVITE: Record-Route read backwards."""
        req = Message(bytes(req))
        return cls(party, req.call_id, req.get("from"), resp.get("to"),
                   uri_of(resp.get("contact")),
                   list(reversed(resp.all("record-route"))), req.cseq)

    @classmethod
    def of_callee(cls, party, req, resp):
        """The end that answered: Record-Route as it stands."""
        resp = Message(bytes(resp))
        return cls(party, req.call_id, resp.get("to"), req.get("from"),
                   uri_of(req.get("contact")), req.all("record-route"), 100)

    def make(self, method, cseq=None, extra=(), body=b"", routes=None,
             branch=None):
        """A request inside the dialog."""
        if cseq is None:
            self.cseq += 1
            cseq = self.cseq
        routes = self.routes if routes is None else routes
        headers = [("Via", self.party.via(branch)), ("Max-Forwards", "70")]
        headers += [("Route", r) for r in routes]
        headers += [("From", self.local), ("To", self.remote),
                    ("Call-ID", self.call_id),
                    ("CSeq", "%d %s" % (cseq, method))]
        if method in ("INVITE", "UPDATE", "SUBSCRIBE"):
            headers.append(("Contact", "<%s>" % self.party.contact))
        headers += list(extra)
        if body:
            headers.append(("Content-Type", "application/sdp"))
        return build("%s %s SIP/2.0" % (method, self.target), headers, body)

    def send(self, method, **how):
        """Make a request and send it; returns what was sent."""
        raw = self.make(method, **how)
        self.party.send(raw)
        return raw

    def ack(self, cseq=None):
        return self.send("ACK", cseq=self.cseq if cseq is None else cseq)
