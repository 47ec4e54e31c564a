#!/usr/bin/python3
"""What edgectl says of live traffic with other companies: their accounts, and
the record of each request; and who is heard at the control socket."""

import json
import os
import re
import subprocess
import sys

from edgelab import SDP, Group, Message, Skip, main, program, until
from edgelab import companies
from edgelab.companies import Company, company

WINDOW = 10
GROUP, NOBODY = 4242, 65534


def change(lab):
    out = companies.settings(lab)
    out["edge"] = {"control": os.path.join(lab.folder, "control")}
    out["federation"]["discovery"] = True
    out["limits"].update(discovered_window=WINDOW)
    return out


class RootGroup(Group):
    """Its edge runs in a group of its own."""

    def make(self):
        if os.geteuid():
            raise Skip("not root: nobody else can be asked to connect")
        return super().make()


live = Group("accounts", change, setup=companies.serve_dns)
control = RootGroup("control", change, setup=companies.serve_dns, prefix=(
    "setpriv", "--regid=%d" % GROUP, "--clear-groups", "--"))


def edgectl(lab, *words):
    path = os.path.join(os.path.dirname(os.path.dirname(program())), "tools",
                        "edgectl")
    done = subprocess.run([path, *words, "--socket",
                           lab.config["edge"]["control"]], text=True,
                          stdin=subprocess.DEVNULL, capture_output=True,
                          timeout=60)
    assert done.returncode == 0, (words, done.stdout, done.stderr)
    return done.stdout


FIGURES = ("requests", "outward", "refused", "successes", "failures",
           "addresses", "connections")


def figures(lab, domain):
    """What is kept of a domain, zeros and false left out; or None."""
    rows = [p for p in json.loads(edgectl(lab, "partners", "--json"))
            ["partners"] if p.pop("domain") == domain]
    assert len(rows) < 2, rows
    assert all(set(r) == {*FIGURES, "discovered", "slow", "watched"}
               for r in rows), rows
    return {k: v for k, v in rows[0].items() if v} if rows else None


def stands(lab, domain, **want):
    """The account says this and no more."""
    seen = []

    def look():
        seen[:] = [figures(lab, domain)]
        return seen[0] == want
    try:
        until("", look)
    except AssertionError:
        raise AssertionError("%s: %r, expected %r" % (
            domain, seen[0], want)) from None


def recalled(lab, call_id, *want):
    """One record for each of `want`, in this order, and nothing else."""
    found = json.loads(edgectl(lab, "explain", "--call-id", call_id,
                               "--json"))["requests"]
    for r in found:
        assert r["final_ms"] == 0 or 0 <= r["final_ms"] - r["wall_ms"] < 9000
        assert bool(r["final_ms"]) == bool(r["answered"]), r
    short = [(r["method"], r["decision"], r["to"], r["rule"], r["answered"],
              r["ended"], [(t["target"], t["status"], t["reason"])
                           for t in r["tries"]]) for r in found]
    assert short == list(want), "\nsaid %r\nwant %r" % (short, list(want))
    return found


def went(method, to, rule, answered, *tries, ended=None):
    """A request that was sent on; a try is (target, status[, reason])."""
    return (method, "forward", to, rule, answered, ended,
            [(*t, None)[:3] for t in tries])


def refused(method, rule, status):
    return (method, "refuse", None, rule, status, None, [])


def director(lab):
    return "dir01.internal.example (%s:5061)" % lab.block(3), 302


def home(lab, status):
    return "home01.internal.example (%s:5061)" % lab.block(4), status


def edge_of(lab, domain, number, *how):
    return ("sip.%s (%s:5061)" % (domain, lab.block(number)), *how)


@live.test
def a_call_out_to_a_partner_is_on_its_account(lab):
    edge = Company(lab, "partner")
    invite = lab.home1.call("sip:zoe@partner.example", body=SDP, routes=[])
    stands(lab, "partner.example", outward=1, connections=1)
    edge.reply(edge.expect_request("INVITE"), 200, [
        ("Contact", "<sip:zoe@sip.partner.example>")], body=SDP)
    near = lab.home1.caller_dialog(invite, lab.home1.expect(200, "INVITE"))
    near.ack()
    edge.expect_request("ACK")
    near.send("BYE")
    edge.reply(edge.expect_request("BYE"), 200)
    lab.home1.expect(200, "BYE")
    flow = "%s:5061" % lab.block(80)
    first = recalled(
        lab, invite.call_id,
        went("INVITE", "partner", "partner-way", 200,
             edge_of(lab, "partner.example", 80, 200)),
        went("ACK", "flow", "dialog", 0, (flow, 0)),
        went("BYE", "flow", "dialog", 200, (flow, 200)))[0]
    assert (first["from"], first["uri"], first["leg"], first["class"]) == (
        "sip:carol@example.com", "sip:zoe@partner.example", "inside",
        "server"), first
    assert first["peer"] == "%s:%d" % lab.home1.client.local, first
    stands(lab, "partner.example", outward=1, connections=1)


@live.test
def a_call_in_from_it_too(lab):
    before = figures(lab, "always.example")
    assert before is None, before
    zoe = company(lab, "always")
    invite = zoe.invite("sip:bob@example.com")
    at_home = lab.home1.expect_request("INVITE")
    stands(lab, "always.example", requests=1)
    lab.home1.reply(at_home, 200, body=SDP)
    out = zoe.dialog(invite, zoe.expect(200, "INVITE"))
    out.ack()
    lab.home1.expect_request("ACK")
    out.send("BYE")
    lab.home1.reply(lab.home1.expect_request("BYE"), 200)
    zoe.expect(200, "BYE")
    first = recalled(
        lab, invite.call_id,
        went("INVITE", "home", "partner", 200, director(lab), home(lab, 200)),
        went("ACK", "inside", "dialog", 0, home(lab, 0)),
        went("BYE", "inside", "dialog", 200, home(lab, 200)))[0]
    assert (first["from"], first["uri"], first["leg"], first["class"]) == (
        "sip:zoe@always.example", "sip:bob@example.com", "outside",
        "partner"), first
    assert first["peer"] == zoe.sent_by, first
    stands(lab, "always.example", requests=3, successes=2)


@live.test
def what_a_server_of_ours_refuses_is_a_failure_a_busy_user_is_none(lab):
    zoe = company(lab, "srv")
    for status, count in ((404, {"failures": 1}),
                          (486, {"failures": 1, "successes": 1})):
        raw = zoe.make("MESSAGE", "sip:bob@example.com")
        zoe.send(raw)
        lab.home1.reply(lab.home1.expect_request("MESSAGE"), status)
        zoe.expect(status, "MESSAGE")
        recalled(lab, Message(raw).call_id,
                 went("MESSAGE", "home", "partner", status, director(lab),
                      home(lab, status)))
        stands(lab, "srv.example", requests=sum(count.values()), **count)


@live.test
def one_that_policy_refuses_is_recalled_and_has_no_account(lab):
    evil = company(lab, "evil")
    liar = company(lab, "partner", domain="never.example")
    thief = company(lab, "partner", domain="example.com")
    for party, rule in ((evil, "partner-blocked"),
                        (liar, "partner-target-elsewhere|partner-name"),
                        (thief, "from-is-ours")):
        raw = party.make("MESSAGE", "sip:bob@example.com")
        lab.refused(party, raw, 403, rule)
        call = Message(raw).call_id
        text = edgectl(lab, "explain", "--call-id", call)
        said = re.findall(r"refuse 403 by rule (\S+)$", text, re.M)
        assert len(said) == 1 and re.fullmatch(rule, said[0]), text
        assert "answered 403 after" in text and "tried" not in text, text
        recalled(lab, call, refused("MESSAGE", said[0], 403))
    for domain in ("evil.example", "never.example", "example.com"):
        assert figures(lab, domain) is None, domain


@live.test
def one_that_is_not_reached_says_where_it_was_looked_for(lab):
    for domain, rule, tries in (
            ("dead.example", "way-unreachable", [
                edge_of(lab, "dead.example", 96, 0, "unreachable")]),
            ("nosrv.example", "way-no-srv", [])):
        call = lab.home1.call("sip:zoe@" + domain, "MESSAGE", routes=[])
        lab.home1.expect(504, "MESSAGE", call_id=call.call_id)
        recalled(lab, call.call_id, went("MESSAGE", "partner", "partner-way",
                                         504, *tries, ended=rule))
        stands(lab, domain, outward=1)
    text = edgectl(lab, "explain", "--call-id", call.call_id)
    assert re.search(r"answered 504 after \d+ ms, way-no-srv\n", text), text


@live.test
def a_discovered_one_is_demoted_and_its_account_says_so(lab):
    eve, since = company(lab, "unknown"), lab.edge.mark()

    def ask(number):
        raw = eve.make("MESSAGE", "sip:name%d@example.com" % number)
        eve.send(raw)
        m = until("an answer, or it inside", lambda: next(
            (m for m in lab.home1.got("MESSAGE")
             if m.call_id == Message(raw).call_id), None) or next(
                 (m for m in eve.stream.pump(0.02)
                  if m.status and m.status > 199), None))
        if not m.status:
            lab.home1.reply(m, 404)
            eve.expect(404, "MESSAGE", call_id=m.call_id)
        return Message(raw).call_id, m.status

    for i in range(WINDOW - 1):
        assert ask(i)[1] is None
    stands(lab, "unknown.example", discovered=True, requests=WINDOW - 1,
           failures=WINDOW - 1, addresses=WINDOW - 1)
    assert ask(0)[1] is None
    stands(lab, "unknown.example", discovered=True, slow=True,
           requests=WINDOW, failures=WINDOW, addresses=WINDOW - 1)
    lab.edge.wait_log("partner-demoted domain=unknown.example", since)
    more = [ask(0)]
    while more[-1][1] is None and len(more) < 20:  # its one message a second
        more.append(ask(0))
    assert more[-1][1] == 503, more
    passed = WINDOW + len(more) - 1
    stands(lab, "unknown.example", discovered=True, slow=True,
           requests=passed, failures=passed, refused=1, addresses=WINDOW - 1)
    recalled(lab, more[-1][0], refused("MESSAGE", "partner-too-fast", 503))
    row = [x for x in edgectl(lab, "partners").splitlines()
           if x.startswith("unknown.example ")]
    assert len(row) == 1 and row[0].split() == [
        "unknown.example", "discovered", str(passed), "0", "1", "0",
        str(passed), str(WINDOW - 1), "0", "slow"], row


# who is heard

ASK = """
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.settimeout(15)
try:
    s.connect(sys.argv[1])
except PermissionError:
    print("no permission")
    sys.exit()
try:
    s.sendall(b"ping\\n")
    print("heard" if b'"ok"' in s.makefile("rb").read() else "closed")
except (BrokenPipeError, ConnectionResetError):
    print("closed")
"""


def asked_by(lab, user, group, groups=()):
    """What the socket says to one of that uid and these groups."""
    done = subprocess.run(
        [sys.executable, "-I", "-c", ASK, lab.config["edge"]["control"]],
        cwd="/", user=user, group=group, extra_groups=list(groups), text=True,
        stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def opened(lab, mode):
    """The way to the socket is open to all, the socket as told."""
    os.chmod(lab.folder, 0o711)
    os.chmod(lab.config["edge"]["control"], mode)


@control.test
def the_sockets_mode_keeps_others_out(lab):
    st = os.stat(lab.config["edge"]["control"])
    assert (st.st_mode & 0o777, st.st_gid) == (0o660, GROUP), st
    opened(lab, 0o660)
    assert asked_by(lab, NOBODY, NOBODY) == "no permission"
    assert asked_by(lab, NOBODY, GROUP) == "heard"


@control.test
def another_uid_is_not_heard_even_when_the_mode_lets_it_in(lab):
    opened(lab, 0o666)
    for user, group, groups in ((NOBODY, NOBODY, ()), (1234, 1234, (5678,)),
                                (1234, 0, (0,))):
        since = lab.edge.mark()
        got = asked_by(lab, user, group, groups)
        assert got == "closed", (user, group, groups, got)
        lab.edge.wait_log(r"control refuse rule=control-peer uid=%d$" % user,
                          since)
    assert asked_by(lab, 0, 0) == "heard"


@control.test
def a_member_of_its_group_is(lab):
    opened(lab, 0o666)
    since = lab.edge.mark()
    assert asked_by(lab, NOBODY, GROUP) == "heard"
    assert asked_by(lab, NOBODY, NOBODY, [GROUP]) == "heard"
    assert asked_by(lab, NOBODY, NOBODY, [1, 2, GROUP, 3]) == "heard"
    assert "control-peer" not in lab.edge.log(since)


if __name__ == "__main__":
    main("accounts", live, control)
