"""edgectl, the built one."""

import json
import os
import subprocess

from .edge import program


def edgectl(*arguments, timeout=60):
    """(exit code, standard output, standard error)."""
    path = os.path.join(os.path.dirname(os.path.dirname(program())), "tools",
                        "edgectl")
    done = subprocess.run([path, *arguments], timeout=timeout, text=True,
                          stdin=subprocess.DEVNULL, capture_output=True,
                          check=False)
    assert "Sanitizer" not in done.stderr, done.stderr
    return done.returncode, done.stdout, done.stderr


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


__all__ = ["ask", "edgectl", "good_reload", "reload"]
