"""Who speaks to the edge from outside: users, devices, strangers."""

from .sip import SDP, Dialog, Message, answer, build, fresh


class Party:
    """One SIP end on one connection to the edge."""

    transport = "TLS"

    def __init__(self, stream, aor, contact=None):
        self.stream, self.aor = stream, aor
        self.tag = fresh("tag")
        host, port = stream.local
        host = "[%s]" % host if ":" in host else host
        self.sent_by = "%s:%d" % (host, port)
        user = aor.split(":")[-1].split("@")[0]
        self.contact = contact or "sip:%s@%s;transport=%s" % (
            user, self.sent_by, self.transport.lower())
        self.reg_call_id, self.reg_cseq = fresh("reg") + "@lab", 0

    def via(self, branch=None):
        return "SIP/2.0/%s %s;branch=%s;rport" % (
            self.transport, self.sent_by, branch or fresh("z9hG4bKlab"))

    def make(self, method, to, uri=None, frm=None, call_id=None, cseq=1,
             to_tag=None, branch=None, max_forwards=70, contact=True,
             extra=(), body=b"", via=None):
        """A request outside a dialog; `extra` headers follow the usual."""
        headers = [("Via", via or self.via(branch))]
        if max_forwards is not None:
            headers.append(("Max-Forwards", str(max_forwards)))
        headers += [
            ("From", "<%s>;tag=%s" % (frm or self.aor, self.tag)),
            ("To", "<%s>" % to + (";tag=" + to_tag if to_tag else "")),
            ("Call-ID", call_id or fresh("call") + "@lab"),
            ("CSeq", "%d %s" % (cseq, method))]
        if contact and method in ("INVITE", "SUBSCRIBE", "UPDATE"):
            headers.append(("Contact", "<%s>" % self.contact))
        headers += list(extra)
        if body:
            headers.append(("Content-Type", "application/sdp"))
        return build("%s %s SIP/2.0" % (method, uri or to), headers, body)

    def send(self, data):
        self.stream.send(data)

    def ask(self, method, to, status=200, **how):
        """Send a request, expect its answer; returns the answer."""
        raw = self.make(method, to, **how)
        self.send(raw)
        return self.expect(status, method, call_id=Message(raw).call_id)

    def expect(self, status, method=None, **how):
        return self.stream.expect(status, method, **how)

    def expect_request(self, method, **how):
        return self.stream.expect_request(method, **how)

    def reply(self, req, status, extra=(), body=b"", contact=None, **how):
        """Answer a request on the connection that it came by."""
        if status < 300 and req.method in ("INVITE", "UPDATE", "SUBSCRIBE"):
            extra = [("Contact", "<%s>" % (contact or self.contact)), *extra]
        how.setdefault("to_tag", self.tag)
        raw = answer(req, status, extra=extra, body=body, **how)
        req.stream.send(raw)
        return raw

    def invite(self, to, **how):
        """Send an INVITE; returns it as a Message."""
        how.setdefault("body", SDP)
        raw = self.make("INVITE", to, **how)
        self.send(raw)
        return Message(raw)

    def ack_of(self, invite, resp):
        """The ACK for a final answer other than 2xx: same Via."""
        self.send(build(
            "ACK %s SIP/2.0" % invite.uri,
            [("Via", invite.get("via")), ("Max-Forwards", "70")]
            + [("Route", r) for r in invite.all("route")]
            + [("From", invite.get("from")), ("To", resp.get("to")),
               ("Call-ID", invite.call_id), ("CSeq", "%d ACK" % invite.cseq)]))

    def cancel_of(self, invite):
        self.send(build(
            "CANCEL %s SIP/2.0" % invite.uri,
            [("Via", invite.get("via")), ("Max-Forwards", "70")]
            + [("Route", r) for r in invite.all("route")]
            + [("From", invite.get("from")), ("To", invite.get("to")),
               ("Call-ID", invite.call_id),
               ("CSeq", "%d CANCEL" % invite.cseq)]))

    def dialog(self, invite, resp):
        """The dialog that a 2xx to our INVITE made."""
        return Dialog.of_caller(self, invite, resp)

    def close(self):
        self.stream.close()

    # registration

    def register_bytes(self, expires=3600, aor=None, contact=None, params="",
                       extra=(), uri=None, cseq=None):
        if cseq is None:
            self.reg_cseq += 1
            cseq = self.reg_cseq
        aor = aor or self.aor
        if contact is None:
            contact = "<%s>%s" % (self.contact, params)
        domain = aor.split("@")[-1]
        headers = [("Contact", contact)] if contact else []
        if expires is not None:
            headers.append(("Expires", str(expires)))
        return self.make("REGISTER", aor, uri=uri or "sip:" + domain, frm=aor,
                         call_id=self.reg_call_id, cseq=cseq,
                         extra=headers + list(extra))

    def register(self, status=200, **how):
        """REGISTER; returns the answer, which must be `status` unless None."""
        raw = self.register_bytes(**how)
        self.send(raw)
        sent = Message(raw)
        m = self.stream.receive(
            lambda m: m.status and m.status > 199 and m.method == "REGISTER"
            and m.cseq == sent.cseq, what="answer to REGISTER")
        assert status in (None, m.status), \
            "REGISTER: expected %s, got %s" % (status, m.start)
        return m


class Device(Party):
    """A video-conferencing system: plain TCP, no registration."""

    transport = "TCP"


def callee_dialog(party, req, resp):
    """The dialog that our 2xx to their INVITE made."""
    return Dialog.of_callee(party, req, resp)


__all__ = ["Party", "Device", "callee_dialog"]
