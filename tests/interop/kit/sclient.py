"""openssl s_client: what a TLS client that is not ours sees of a door."""
import os
import subprocess
import time

from .child import wait_until
from .report import need


class Session:
    """What one run of s_client said, and whether a handshake was finished."""

    def __init__(self, text):
        self.text = text
        self.up = "Cipher is (NONE)" not in text and "Cipher is " in text

    def has(self, *words):
        return any(word in self.text for word in words)

    def certificates(self):
        """How many certificates were served."""
        return self.text.count("-----BEGIN CERTIFICATE-----")

    def why(self):
        """The lines that tell of an error."""
        lines = [x for x in self.text.splitlines() if "error" in x.lower()]
        return " | ".join(lines[:3]) or self.text[-120:]


def connect(address, port, *args, send=b"", until="", seconds=20):
    """Run s_client; with send or until it waits for words in its output.

    Without until it ends as soon as the handshake is over.
    """
    need("openssl")
    command = ["openssl", "s_client", "-connect", "%s:%d" % (address, port),
               *args]
    if not until and not send:
        done = subprocess.run(command, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=seconds,
                              check=False)
        return Session(done.stdout.decode(errors="replace"))
    return _converse(command, send, until, seconds)


def _converse(command, send, until, seconds):
    p = subprocess.Popen(command, stdin=subprocess.PIPE,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    os.set_blocking(p.stdout.fileno(), False)
    text = b""

    def read():
        nonlocal text
        more = p.stdout.read()
        if more:
            text += more
        return more == b""

    try:
        wait_until(lambda: read() or b"\n---\n" in text or
                   b"Verify return code" in text, seconds, "no handshake")
        end = time.monotonic() + seconds
        if send and p.poll() is None:
            p.stdin.write(send)
            p.stdin.flush()
        while not read() and until.encode() not in text[-4000:]:
            if time.monotonic() > end:
                break
            time.sleep(0.02)
        closed = p.poll() is not None or read()
    except BrokenPipeError:
        closed = True
    finally:
        p.kill()
        p.wait()
    session = Session(text.decode(errors="replace"))
    session.closed = closed
    return session
