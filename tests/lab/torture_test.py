#!/usr/bin/python3
"""The torture messages of RFC 4475, each whole, byte by byte and twice in one
segment, over TLS and over TCP, against EXPECTED.tsv.

The edge under test takes the messages' own domains for its own, lets users in
unregistered, and has the device enrolled for anything in these domains, so
that whatever is well-formed can be forwarded.
"""

import csv
import os
import re
import time

from edgelab import TOP, Closed, Group, Message, Skip, answer, fresh, main

DATA = os.path.join(os.environ.get("SIPEDGE_SHARED",
                                   os.path.join(TOP, "..", "shared")),
                    "hostile", "rfc4475")
DOMAINS = ["example.com", "example.net", "example.org",
           "registrar.example.com", "chair-dnrc.example.com"]
# What our policy makes of messages that are well-formed, and why.
POLICY = {
    "wsinv": {403: "its Route names another proxy"},
    "mpart01": {403: "its Route names another proxy"},
    "unksm2": {403: "From and To are no SIP addresses, so no domain of ours",
               400: "the same"},
    "intmeth": {400: "a NUL is refused by the byte scan", "CLOSE": "the same"},
    "dblreq": {403: "the second request is not this sender's",
               "CLOSE": "its body is longer than its Content-Length says"},
    "baddn": {400: "", "CLOSE": ""},
    "esc02": {403: "no entry of a device lists this method"},
}
# A device names its methods and may not use a user's address.
DEVICE_METHODS = ["INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "MESSAGE",
                  "NEWMETHOD", "REGISTER"]


def torture_edge(lab):
    return {
        "edge": {"sip_domains": DOMAINS},
        "routing": {"directors": None,
                    "home_servers": ["home01.internal.example"]},
        "users": {"enabled": True, "require_registration": False},
        "limits": {"body_s": 2, "header_s": 2, "unauth_rate": 1000,
                   "aors_per_flow": 10},
        "devices": {"device": ({
            "name": "room1", "address": [lab.block(50)],
            "identities": ["sip:*@" + d for d in DOMAINS],
            "methods": DEVICE_METHODS, "register": True, "calls_per_s": 1000,
            "contact": "sip:room1@%s:5060;transport=tcp" % lab.block(50)},)},
    }


def rows():
    """EXPECTED.tsv by name, with the bytes."""
    path = os.path.join(DATA, "EXPECTED.tsv")
    if not os.path.exists(path):
        return {}
    with open(path, newline="") as f:
        out = {r["name"]: r for r in csv.DictReader(f, delimiter="\t")}
    for name, row in out.items():
        with open(os.path.join(DATA, name + ".dat"), "rb") as f:
            row["bytes"] = f.read()
    return out


def allowed(row):
    """The outcomes that are fine: FWD, DROP, CLOSE or a status."""
    text = row["edge_on_stream"] + ";" + row["also_acceptable"]
    out = set()
    for word in re.split(r"[;|+ ,]", re.sub(r"\(.*?\)|UDP: ?\S+", "", text)):
        if re.fullmatch(r"\d{3}", word):
            out.add(int(word))
        elif word.startswith("TIMEOUT-CLOSE"):
            out.add("CLOSE")
        elif word in ("FWD", "DROP", "CLOSE"):
            out.add(word)
    found = re.findall(r"(?<!\d)([45]\d\d)(?!\d)", row["also_acceptable"])
    out |= {int(c) for c in found}
    return out | set(POLICY.get(row["name"], ()))


def home_says_486(m):
    return answer(m, 486)


SENTINEL = ("OPTIONS sip:sip.example.com SIP/2.0\r\n"
            "Via: SIP/2.0/%s 127.0.0.1;branch=%s\r\nMax-Forwards: 70\r\n"
            "From: <sip:room1@example.com>;tag=1\r\nTo: <sip:sip.example.com>"
            "\r\nCall-ID: sentinel\r\nCSeq: 1 OPTIONS\r\n"
            "Content-Length: 0\r\n\r\n")


def outcome(lab, stream, via, fine):
    """What became of the message: a set of outcomes. What was sent on may
    reach the home after the sender has its answers: that is waited for."""
    try:
        stream.send((SENTINEL % (via, fresh("z9hG4bKs"))).encode())
    except Closed:
        pass
    end, quiet = time.monotonic() + 10, None
    while time.monotonic() < end:
        stream.inbox += stream.pump(0.02)
        seen = {m.call_id for m in stream.record if m.status}
        if quiet is None and ("sentinel" in seen or stream.closed):
            quiet = time.monotonic() + 0.12
        if stream.closed:
            time.sleep(0.02)
        if quiet and (time.monotonic() > quiet or len(seen) > 1) \
                and so_far(lab, stream)[0] <= fine:
            break
    return so_far(lab, stream)


def so_far(lab, stream):
    """The outcomes, and what was sent on."""
    out = {m.status for m in stream.record
           if m.status and m.status > 199 and m.call_id != "sentinel"}
    forwarded = [m for m in lab.home1.messages
                 if not m.status and m.method != "ACK"]
    if forwarded:
        out = {"FWD"} | (out - {486, 200})
    if not out:
        out = {"CLOSE"} if stream.closed else {"DROP"}
    return out, forwarded


def unchanged(name, raw, got):
    """What was forwarded is what came, but for what a proxy must touch."""
    skip = ("via", "max-forwards", "route", "record-route", "path",
            "x-edge-source")
    sent = Message(raw[:len(raw)])
    for m in got:
        ours = [h for h in m.headers if key(h) not in skip]
        theirs = [h for h in sent.headers if key(h) not in skip]
        assert ours == theirs, "%s was changed: %r" % (
            name, [h for h in ours if h not in theirs][:2])
        assert m.start == sent.start, "%s: %s" % (name, m.start)


def key(header):
    name = header[0].lower()
    return {"v": "via"}.get(name, name)


def one(lab, row, connect, via, mode):
    """Sends one message in one way; a complaint or None."""
    name, raw = row["name"], row["bytes"]
    lab.home1.reset()
    lab.home1.auto = {"*": home_says_486, "ACK": lambda m: None}
    stream = connect(lab)
    try:
        if mode == "byte by byte":
            stream.send_each(raw)
        else:
            stream.send(raw * (2 if mode == "twice" else 1))
    except Closed:
        pass
    if name == "clerr":
        stream.expect_closed()
    fine = allowed(row)
    got, forwarded = outcome(lab, stream, via, fine)
    stream.close()
    if not got <= fine:
        return "%s gave %s, not %s" % (name, sorted(map(str, got)),
                                       sorted(map(str, fine)))
    if mode == "whole" and forwarded and name not in ("dblreq", "longreq"):
        try:
            unchanged(name, raw, forwarded)
        except AssertionError as e:
            return str(e)
    return None


def by_tls(lab):
    return lab.tls()


def by_tcp(lab):
    return lab.tcp(lab.device_door, lab.block(50))


def all_of_them(lab, connect, via, mode):
    table = rows()
    if not table:
        raise Skip("no torture set at " + DATA)
    bad = [b for b in (one(lab, row, connect, via, mode)
                       for row in table.values()) if b]
    assert not bad, "%d of %d: %s" % (len(bad), len(table), "; ".join(bad))


group = Group("torture", torture_edge, fresh_lab=True)


@group.test
def each_message_whole_over_tls(lab):
    all_of_them(lab, by_tls, "TLS", "whole")


@group.test
def each_message_byte_by_byte_over_tls(lab):
    all_of_them(lab, by_tls, "TLS", "byte by byte")


@group.test
def each_message_twice_in_a_segment_over_tls(lab):
    all_of_them(lab, by_tls, "TLS", "twice")


@group.test
def each_message_whole_over_tcp(lab):
    all_of_them(lab, by_tcp, "TCP", "whole")


@group.test
def each_message_byte_by_byte_over_tcp(lab):
    all_of_them(lab, by_tcp, "TCP", "byte by byte")


@group.test
def each_message_twice_in_a_segment_over_tcp(lab):
    all_of_them(lab, by_tcp, "TCP", "twice")


if __name__ == "__main__":
    main("torture", group)
