"""Where lists are fetched from: web servers, good and bad, a proxy that counts,
and a directory (slapd)."""

import base64
import http.server
import os
import shutil
import socket
import subprocess
import threading
import urllib.parse

from .place import listens, until

SLAPD, SLAPADD = "/usr/sbin/slapd", "/usr/sbin/slapadd"
SCHEMA, MODULES = "/etc/ldap/schema/core.schema", "/usr/lib/ldap"


class Shelf:
    """A web server: what lies there is a function of the handler, or bytes."""

    def __init__(self, address):
        shelf, self.things, self.asked = self, {}, []

        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self):
                length = int(self.headers.get("Content-Length") or 0)
                self.body = self.rfile.read(length)
                shelf.asked.append((self.path, self.client_address[0]))
                thing = shelf.find(self)
                try:
                    if callable(thing):
                        thing(self)
                    else:
                        whole(self, thing)
                except OSError:
                    pass  # the other side had enough

            do_GET = do_POST = answer

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer((address, 0), Handler)
        self.server.daemon_threads = True
        self.address, self.port = self.server.server_address[:2]
        threading.Thread(target=self.server.serve_forever,
                         daemon=True).start()

    def find(self, handler):
        return self.things.get(urllib.parse.urlsplit(handler.path).path,
                               missing)

    def url(self, path):
        return "http://%s:%d%s" % (self.address, self.port, path)

    def put(self, path, thing):
        """Lay it there; its URL."""
        self.things[path] = thing
        return self.url(path)

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Proxy(Shelf):
    """Passes requests for whole URLs on, without looking at the environment;
    counts them."""

    def find(self, handler):
        assert handler.path.startswith("http://"), handler.path
        return pass_on


def pass_on(handler):
    to = urllib.parse.urlsplit(handler.path)
    with socket.create_connection((to.hostname, to.port), 5) as s:
        s.sendall(("GET %s HTTP/1.0\r\nHost: %s\r\n\r\n"
                   % (to.path, to.netloc)).encode())
        while True:
            piece = s.recv(65536)
            if not piece:
                return
            handler.wfile.write(piece)


def whole(handler, data, status=200):
    handler.send_response(status)
    handler.send_header("Content-Type", "application/pkix-crl")
    handler.send_header("Content-Length", str(len(data)))
    handler.end_headers()
    handler.wfile.write(data)


def missing(handler):
    whole(handler, b"<html>nothing here</html>", 404)


def endless(handler):
    """More and more, and no length."""
    handler.send_response(200)
    handler.end_headers()
    while True:
        handler.wfile.write(bytes(1 << 20))


def drip(handler):
    """One byte now and then."""
    handler.send_response(200)
    handler.end_headers()
    halt = threading.Event()
    while not halt.wait(0.5):
        handler.wfile.write(b"x")
        handler.wfile.flush()


def redirect(to):
    def answer(handler):
        handler.send_response(302)
        handler.send_header("Location", to)
        handler.send_header("Content-Length", "0")
        handler.end_headers()
    return answer


CONF = """include %(schema)s
modulepath %(modules)s
moduleload back_mdb
pidfile %(dir)s/pid
database mdb
suffix "dc=test"
directory %(dir)s/db
"""
ENTRY = """dn: dc=test
objectClass: dcObject
objectClass: organization
o: test
dc: test

dn: cn=%(cn)s,dc=test
objectClass: cRLDistributionPoint
cn: %(cn)s
certificateRevocationList;binary:: %(value)s

dn: cn=empty,dc=test
objectClass: cRLDistributionPoint
cn: empty
"""


class Directory:
    """slapd with a list (DER) in one entry."""

    def __init__(self, folder, address, cn, der):
        self.dir = os.path.join(folder, "ldap")
        shutil.rmtree(self.dir, True)
        os.makedirs(os.path.join(self.dir, "db"))
        conf, ldif = self.path("conf"), self.path("ldif")
        with open(conf, "w") as f:
            f.write(CONF % {"schema": SCHEMA, "modules": MODULES,
                            "dir": self.dir})
        with open(ldif, "w") as f:
            f.write(ENTRY % {"cn": cn,
                             "value": base64.b64encode(der).decode()})
        subprocess.run([SLAPADD, "-f", conf, "-l", ldif], check=True,
                       capture_output=True, timeout=60)
        with socket.socket() as s:
            s.bind((address, 0))
            self.port = s.getsockname()[1]
        self.url = "ldap://%s:%d" % (address, self.port)
        self.proc = subprocess.Popen(
            [SLAPD, "-f", conf, "-h", self.url, "-d", "0"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until("slapd listens", lambda: listens(address, self.port), 30)

    def path(self, name):
        return os.path.join(self.dir, name)

    def close(self):
        self.proc.terminate()
        self.proc.wait(10)


__all__ = ["Directory", "Proxy", "SLAPD", "Shelf", "drip", "endless", "missing",
           "redirect", "whole"]
