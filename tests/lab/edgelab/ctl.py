"""edgectl, the built one."""

import json
import os
import subprocess

from .edge import program


def path():
    """Where it is, or None."""
    found = program()
    it = found and os.path.join(os.path.dirname(os.path.dirname(found)),
                                "tools", "edgectl")
    return it if it and os.access(it, os.X_OK) else None


def edgectl(*arguments, timeout=60, text=True, **how):
    """(exit code, standard output, standard error)."""
    done = subprocess.run([path(), *arguments], timeout=timeout, check=False,
                          stdin=subprocess.DEVNULL, capture_output=True, **how)
    err = done.stderr.decode()
    assert "Sanitizer" not in err, err
    return done.returncode, done.stdout.decode() if text else done.stdout, err


def ask(lab, *words):
    """A question to the lab's edge: (exit code, JSON)."""
    code, out, err = edgectl(*words[:1], lab.edge.config, "--json", *words[1:])
    assert code < 2, err
    return code, json.loads(out)


def reload(lab):
    """`edgectl reload`: (exit code, what it said)."""
    code, out, err = edgectl("reload", lab.edge.config)
    return code, out + err


def good_reload(lab):
    code, said = reload(lab)
    assert code == 0, said


__all__ = ["ask", "edgectl", "good_reload", "path", "reload"]
