#!/usr/bin/python3
"""One worker and four; reload and drain under way."""

import os
import re
import shutil
import ssl
import threading
import time

from edgelab import (SDP, Closed, Group, Message, Timeout, answer, build,
                     callee_dialog, fresh, main, until)

LIM = {"unauth_rate": 1000, "drain_s": 8}
lone = Group("one worker", {"edge": {"workers": 1}, "limits": LIM})
four = Group("four workers", {"edge": {"workers": 4}, "limits": LIM})
# an edge of its own: of many closes in a second, some are not in the log
rooms = Group("four workers, rooms", {"edge": {"workers": 4}, "limits": LIM})


def batch_threads(lab):
    tasks = os.listdir("/proc/%d/task" % lab.edge.pid)
    return sum(os.sched_getscheduler(int(t)) == os.SCHED_BATCH for t in tasks)


def reach_each(lab, count):
    """Each of many flows is reached from one connection inside, and from
    several."""
    users = [lab.registered() for _ in range(count)]
    for n, user in enumerate(users):
        if n % 4 == 0:
            lab.home1.hang_up()
        sent = lab.home1.call(user.aor, "MESSAGE", body=b"to %d" % n)
        got = user.expect_request("MESSAGE", call_id=sent.call_id)
        assert got.body == b"to %d" % n
        user.reply(got, 200)
        lab.home1.expect(200, "MESSAGE", call_id=sent.call_id)
    return users


def call_each(lab, users):
    """A call to each, all in flight at once, answered, acknowledged and
    hung up from inside and from outside in turn."""
    calls = [lab.home1.call(u.aor, body=SDP) for u in users]
    for user, invite in zip(users, calls):
        at_user = user.expect_request("INVITE", call_id=invite.call_id)
        user.reply(at_user, 180)
        ok = user.reply(at_user, 200, body=SDP)
        user.seen = (at_user, Message(ok))
    for n, (user, invite) in enumerate(zip(users, calls)):
        resp = lab.home1.expect(200, "INVITE", call_id=invite.call_id)
        near = lab.home1.caller_dialog(invite, resp)
        near.ack()
        user.expect_request("ACK", call_id=invite.call_id)
        if n % 2:
            near.send("BYE")
            user.reply(user.expect_request("BYE"), 200)
            lab.home1.expect(200, "BYE", call_id=invite.call_id)
            continue
        out = callee_dialog(user, *user.seen)
        out.send("BYE")
        bye = lab.home1.expect_request("BYE", call_id=invite.call_id)
        lab.home1.reply(bye, 200)
        user.expect(200, "BYE")


def cancelled(lab, user):
    """A call that is cancelled while it rings on another's connection."""
    invite = lab.home1.call(user.aor, body=SDP)
    at_user = user.expect_request("INVITE", call_id=invite.call_id)
    user.reply(at_user, 180)
    lab.home1.expect(180)
    head = [("Via", invite.get("via")), ("Max-Forwards", "69")]
    head += [("Route", r) for r in invite.all("route")]
    lab.home1.send(build(
        "CANCEL %s SIP/2.0" % invite.uri,
        head + [("From", invite.get("from")), ("To", invite.get("to")),
                ("Call-ID", invite.call_id), ("CSeq", "1 CANCEL")]))
    lab.home1.expect(200, "CANCEL")
    cancel = user.expect_request("CANCEL")
    assert cancel.branch == at_user.branch
    user.reply(cancel, 200)
    user.reply(at_user, 487)
    lab.home1.expect(487, "INVITE")
    user.expect_request("ACK")


def everything(lab):
    users = reach_each(lab, 24)
    call_each(lab, users)
    for user in users[:8]:
        cancelled(lab, user)


@lone.test
def the_worker_is_a_batch_thread(lab):
    until("it is one", lambda: batch_threads(lab) == 1)


@four.test
def each_worker_is_a_batch_thread(lab):
    until("all four are", lambda: batch_threads(lab) == 4)


@lone.test
def one_worker_reaches_every_flow(lab):
    everything(lab)


@four.test
def four_workers_reach_flows_that_live_on_another(lab):
    everything(lab)


@four.test
def a_large_request_reaches_a_flow_on_another_worker(lab):
    body = b"0123456789" * 20000
    for user in [lab.registered() for _ in range(8)]:
        lab.home1.call(user.aor, "MESSAGE", body=body)
        got = user.expect_request("MESSAGE")
        assert got.body == body
        user.reply(got, 200)
        lab.home1.expect(200)


@four.test
def a_flow_that_ends_while_its_call_rings_is_a_clean_refusal(lab):
    for user in [lab.registered() for _ in range(6)]:
        lab.home1.call(user.aor, body=SDP)
        user.reply(user.expect_request("INVITE"), 180)
        lab.home1.expect(180)
        user.close()
        resp = lab.home1.client.receive(
            lambda m: m.status and m.status > 199, what="a final answer")
        assert resp.status in (408, 430, 480, 500, 502, 503), resp.start


@rooms.test
def devices_are_reached_whatever_worker_their_connection_lives_on(lab):
    for _ in range(6):
        room = lab.device()
        room.ask("OPTIONS", "sip:sip.example.com", 200)
        lab.home1.hang_up()
        lab.home1.call(room.aor, body=SDP)
        room.reply(room.expect_request("INVITE"), 486)
        lab.home1.expect(486)
        room.expect_request("ACK")
        mark, peer = lab.edge.mark(), "%s:%d" % room.stream.local
        room.close()
        lab.home1.hang_up()
        lab.edge.wait_log(" close peer=%s " % re.escape(peer), mark)


@four.test
def a_home_learnt_on_one_worker_is_known_on_all(lab):
    name = lab.name()
    for _ in range(8):
        lab.registered(name)
    asked = [m for m in lab.director.got("REGISTER") if name in m.get("to")]
    assert len(asked) == 1, len(asked)


# reload

class Traffic:
    """A user who sends MESSAGE after MESSAGE, each answered inside."""

    def __init__(self, lab):
        self.lab, self.done, self.bad = lab, 0, []
        self.user, self.stop = lab.registered(), False
        for home in (lab.home1, lab.home2):
            home.auto["MESSAGE"] = lambda m: answer(m, 200)
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.stop:
            raw = self.user.make("MESSAGE", "sip:bob@example.com")
            try:
                self.user.send(raw)
                self.user.expect(200, "MESSAGE", call_id=Message(raw).call_id)
            except AssertionError as e:
                self.bad.append(str(e))
                return
            self.done += 1

    def end(self):
        self.stop = True
        self.thread.join(10)
        assert not self.bad, self.bad[0]
        return self.done


def served_by(lab):
    """The SANs of the certificate that a new connection is shown."""
    stream = lab.tls()
    cert = stream.sock.getpeercert()
    return [v for k, v in cert["subjectAltName"] if k == "DNS"]


def own_copy(lab):
    """The outside certificate as a copy that may be changed."""
    chain, key = lab.pki.cert("edge-outside")
    lab.cert = lab.folder + "/out.chain", lab.folder + "/out.key"
    for src, dst in zip((chain, key), lab.cert):
        shutil.copy(src, dst)
        os.chmod(dst, 0o600)
    return {"edge": {"workers": 4}, "limits": LIM, "outside": {"tls": {
        "certificate": lab.cert[0], "key": lab.cert[1]}}}


reload_group = Group("reload", own_copy)


@reload_group.test
def a_reload_shows_the_new_certificate_and_drops_no_connection(lab):
    old, traffic = lab.registered(), Traffic(lab)
    assert "example.com" in served_by(lab)
    for src, dst in zip(lab.pki.cert("edge-new"), lab.cert):
        shutil.copy(src, dst)
    mark = lab.edge.mark()
    lab.edge.reload()
    lab.edge.wait_log("reload", mark)
    until("the new certificate", lambda: "example.com" not in served_by(lab))
    seen = traffic.done
    until("traffic goes on", lambda: traffic.done > seen + 5 or traffic.bad)
    assert traffic.end() > 5
    old.register()
    lab.home1.call(old.aor, "MESSAGE")
    old.reply(old.expect_request("MESSAGE"), 200)
    lab.home1.expect(200)


@reload_group.test
def a_bad_file_keeps_the_old_settings_and_says_why(lab):
    old, good = lab.registered(), open(lab.edge.config).read()
    for bad, pattern in ((good.replace("workers", "wrokers"), "wrokers"),
                         (good + "\nnonsense = ;", "edge.cfg:[0-9]+"),
                         (good.replace(lab.cert[0], "/nowhere.chain"),
                          "/nowhere.chain")):
        mark = lab.edge.mark()
        with open(lab.edge.config, "w") as f:
            f.write(bad)
        lab.edge.reload()
        lab.edge.wait_log(pattern, mark)
        old.register()
        lab.registered()
    with open(lab.edge.config, "w") as f:
        f.write(good)
    mark = lab.edge.mark()
    lab.edge.reload()
    lab.edge.wait_log("reload", mark)


@reload_group.test
def a_reload_changes_limits_and_lists(lab):
    config = dict(lab.config)
    listed = [n for n in config["inside"]["trusted_servers"]
              if "home02" not in n]
    config["inside"] = dict(config["inside"], trusted_servers=listed)
    mark = lab.edge.mark()
    lab.edge.write(config)
    lab.edge.reload()
    lab.edge.wait_log("reload", mark)

    def turned_away():
        try:
            s = lab.to_inside(cert=lab.pki.cert("home02"))
            s.send(("OPTIONS sip:edge01.internal.example SIP/2.0\r\nVia: "
                    "SIP/2.0/TLS h;branch=%s\r\nFrom: <sip:a@x>;tag=1\r\n"
                    "To: <sip:b@x>\r\nCall-ID: %s\r\nCSeq: 1 OPTIONS\r\n"
                    "Content-Length: 0\r\n\r\n"
                    % (fresh("z9hG4bK"), fresh("rl"))).encode())
            return s.receive(lambda m: m.status).status == 403
        except (Closed, Timeout, ssl.SSLError, OSError):
            return True
    until("home02 is turned away", turned_away)
    lab.edge.write(lab.config)
    mark = lab.edge.mark()
    lab.edge.reload()
    lab.edge.wait_log("reload", mark)


# drain

draining = Group("drain", {"edge": {"workers": 4}, "limits": LIM},
                 fresh_lab=True)


def ended(lab):
    """It exits with 0; returns the seconds that it took."""
    began = time.monotonic()
    code = lab.edge.wait()
    took = time.monotonic() - began
    assert code == 0, "exit code %s: %s" % (code, lab.edge.tail(2))
    assert not lab.edge.sick(), lab.edge.sick()
    lab.edge.start(lab.ports())  # for the runner, that stops it
    return took


@draining.test
def an_idle_edge_ends_at_once(lab):
    lab.registered()
    lab.edge.terminate()
    assert ended(lab) < 6


@draining.test
def a_call_in_set_up_completes_while_draining_and_new_ones_get_503(lab):
    alice, bob = lab.registered(), lab.registered()
    invite = alice.invite("sip:bob@example.com")
    at_home = lab.home1.expect_request("INVITE")
    lab.home1.reply(at_home, 180)
    alice.expect(180)
    lab.edge.terminate()
    until("no new connection is taken", lambda: refused_tcp(lab))
    bob.send(bob.make("INVITE", "sip:carol@example.com", body=SDP))
    assert bob.expect((503,)).status == 503
    lab.home1.reply(at_home, 200, body=SDP)
    out = alice.dialog(invite, alice.expect(200, "INVITE"))
    out.ack()
    lab.home1.expect_request("ACK")
    ended(lab)


def refused_tcp(lab):
    try:
        lab.tcp(lab.outside).close()
        return False
    except OSError:
        return True


@draining.test
def a_drain_ends_at_its_deadline(lab):
    alice = lab.registered()
    alice.invite("sip:bob@example.com")
    lab.home1.reply(lab.home1.expect_request("INVITE"), 180)
    alice.expect(180)
    lab.edge.terminate()
    took = ended(lab)
    assert 6.5 < took < 20, took


if __name__ == "__main__":
    main("workers", lone, four, rooms, reload_group, draining)
