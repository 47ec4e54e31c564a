#!/usr/bin/python3
"""Partners that are not listed: let in by discovery, and held by its limits."""

import sys
import threading
import time

sys.path.insert(0, __file__.rsplit("/", 1)[0])
from netlab import Double, Skip, WorldGroup, main, message  # noqa: E402

RATE, ADDRESSES, WINDOW = 20, 15, 20
LATE_S = 20
found = WorldGroup("discovery", {"a": {
    "federation": {"enabled": True, "discovery": True},
    "limits": {"discovered_rate": RATE, "discovered_addresses": ADDRESSES,
               "discovered_window": WINDOW}}})


def carol(w):
    c = w.a.inner_phone("carol", "40", "register", "stay")
    c.step("register")
    return c


def answers(party, since, wanted, end_s):
    """So many final statuses, with the second they came at."""
    out = []
    while len(out) < wanted and time.monotonic() < end_s:
        out += [(time.monotonic() - since, m.status)
                for m in party.stream.pump(0.02) if (m.status or 0) > 199]
    return out


def flood(party, to, per_s, seconds, parties=None):
    """per_s messages a second, in turn on each connection; their answers."""
    parties = parties or [party]
    began, got, lock = time.monotonic(), [], threading.Lock()
    count = int(per_s * seconds)

    def listen(p, wanted):
        mine = answers(p, began, wanted, began + seconds + LATE_S)
        with lock:
            got.extend(mine)
    ears = [threading.Thread(target=listen, args=(
        p, len(range(n, count, len(parties))))) for n, p in enumerate(parties)]
    for e in ears:
        e.start()
    for i in range(count):
        time.sleep(max(0, began + i / per_s - time.monotonic()))
        parties[i % len(parties)].send(message(parties[i % len(parties)], to))
    for e in ears:
        e.join()
    return sorted(got)


def rate_of(got, status, first, last):
    return sum(1 for at, s in got if s == status and first <= at < last) / (
        last - first)


def held_to_the_rate(got):
    """So many in each second, also where the machine made us slower."""
    passed, took = sum(1 for _, s in got if s == 200), got[-1][0]
    assert 0.75 * RATE * took <= passed <= RATE * (took + 1), \
        "%d in %.1f s" % (passed, took)


@found.test
def a_partner_that_is_not_listed_calls(w):
    carol(w)
    party = Double(w, "c.example", "198.51.100.70").connect(w.a)
    party.ask("MESSAGE", "sip:carol@a.example")


@found.test
def and_is_called(w):
    Double(w, "c.example", "198.51.100.70").listen()
    c = w.a.inner_phone("carol", "40", "register", "call",
                        "sip:peer@c.example", "stay")
    c.step("call")


@found.test
def it_has_20_messages_a_second_and_no_more(w):
    carol(w)
    party = Double(w, "d.example", "198.51.100.71").connect(w.a)
    got = flood(party, "sip:carol@a.example", 60, 5)
    held_to_the_rate(got)
    assert len(got) == 300 and all(s in (200, 503) for _, s in got), got


@found.test
def on_all_of_its_connections_together(w):
    carol(w)
    double = Double(w, "d.example", "198.51.100.71")
    parties = [double.connect(w.a) for _ in range(3)]
    time.sleep(1.1)
    got = flood(parties[0], "sip:carol@a.example", 60, 5, parties)
    held_to_the_rate(got)


@found.test
def and_a_new_connection_does_not_give_it_more(w):
    carol(w)
    double = Double(w, "d.example", "198.51.100.71")
    for _ in range(10):
        time.sleep(1.1)
        began = time.monotonic()
        first = double.connect(w.a)
        got = flood(first, "sip:carol@a.example", 200, 0.15)
        first.close()
        second = double.connect(w.a)
        second.send(message(second, "sip:carol@a.example"))
        last = second.stream.receive(
            lambda m: m.status and m.status > 199).status
        second.close()
        if time.monotonic() - began < 0.95:  # all of it in one second
            break
    else:
        raise Skip("this machine is too busy to do it within a second")
    assert sum(1 for _, s in got if s == 200) == RATE, got
    assert last == 503, last


@found.test
def one_that_tries_names_is_found_out(w):
    party = Double(w, "e.example", "198.51.100.72").connect(w.a)
    mark, seen = w.a.edge.mark(), []
    for i in range(ADDRESSES + 10):
        time.sleep(0.06)
        party.send(message(party, "sip:name%d@a.example" % i))
        seen.append(party.stream.receive(
            lambda m: m.status and m.status > 199).status)
        if seen[-1] == 503:
            time.sleep(1)
    assert seen[-1] == 403, seen
    w.a.edge.wait_log("rule=partner-enumerates", mark)


@found.test
def one_whose_messages_fail_is_slowed_down(w):
    carol(w)
    party = Double(w, "f.example", "198.51.100.73").connect(w.a)
    for _ in range(WINDOW + 2):
        time.sleep(0.06)
        party.send(message(party, "sip:nobody@a.example"))
        party.stream.receive(lambda m: m.status and m.status > 199)
    time.sleep(1)
    got = flood(party, "sip:carol@a.example", 10, 4)
    rate = rate_of(got, 200, 0.5, 4.4)
    assert rate <= 1.6, "%.1f a second" % rate


@found.test
def an_entry_lifts_the_limits(w):
    carol(w)
    w.a.reload({"federation": {"partners": ({"domain": ["f.example"]},)}})
    try:
        party = Double(w, "f.example", "198.51.100.73").connect(w.a)
        got = flood(party, "sip:carol@a.example", 60, 2)
        assert sum(1 for _, s in got if s == 200) == 120, got[-3:]
    finally:
        w.a.reload({})


@found.test
def the_block_list_wins_over_discovery(w):
    w.a.reload({"federation": {"blocked": ["c.example"]}})
    try:
        mark = w.a.edge.mark()
        party = Double(w, "c.example", "198.51.100.70").connect(w.a)
        party.ask("MESSAGE", "sip:carol@a.example", status=403)
        w.a.edge.wait_log("rule=partner-blocked", mark)
    finally:
        w.a.reload({})


main("netns limits", found)
