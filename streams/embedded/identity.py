"""Who runs PostgreSQL: it refuses the superuser, so root hands its processes to an unprivileged user.

The user is the owner of the data directory where it has one already, else ``postgres`` where the system has it, else
``nobody``. No user is created and no directory's mode is widened: where the way to the data or to the programs is
closed to that user (a clone in ``/root``), the process keeps the one capability to search directories and to read.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ioc.errors import OperatorError

CANDIDATES = ("postgres", "nobody")
CAPABILITIES = {"dac_read_search": 2, "dac_override": 1}
"""Names and numbers of linux/capability.h, the weaker one first."""


@dataclass(frozen=True, slots=True)
class Identity:
    """A user for a child; a ``prefix`` that isn't empty goes before the command and switches to the user."""

    uid: int
    gid: int
    prefix: tuple[str, ...] = ()

    @property
    def user(self) -> tuple[int, int] | None:
        """(uid, gid) that the caller must switch to; None where the prefix does it."""
        return None if self.prefix else (self.uid, self.gid)


def unprivileged(data: Path, programs: Sequence[Path], death: signal.Signals) -> Identity | None:
    """The user that must run ``programs`` on ``data``; None = the present one, who isn't root.

    ``death`` is sent to a child when its parent dies: switching users forgets what the parent had asked for. Raises
    OperatorError where root may not switch or the user could not read the way.
    """
    if os.geteuid() != 0:
        return None
    uid, gid = _owner(data)
    if all(_open_way(path, uid, gid) for path in (data.parent, *programs)):
        return Identity(uid, gid)
    setpriv = shutil.which("setpriv")
    capability = next((name for name, number in CAPABILITIES.items() if _has_capability(number)), None)
    if not setpriv or not capability:
        raise OperatorError(f"PostgreSQL refuses root and user {uid} cannot reach {data}; choose another --data-dir")
    prefix = (
        setpriv, f"--reuid={uid}", f"--regid={gid}", "--clear-groups", f"--inh-caps=-all,+{capability}",
        f"--ambient-caps=-all,+{capability}", f"--pdeathsig={death.name.removeprefix('SIG')}", "--",
    )  # fmt: skip
    return Identity(uid, gid, prefix)


def _owner(data: Path) -> tuple[int, int]:
    if data.exists() and data.stat().st_uid != 0:
        return data.stat().st_uid, data.stat().st_gid
    for name in CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return entry.pw_uid, entry.pw_gid
    raise OperatorError(f"PostgreSQL refuses root and there is no user {' or '.join(CANDIDATES)}; run as another user")


def _open_way(path: Path, uid: int, gid: int) -> bool:
    for level in (path, *path.parents):
        if not level.exists():
            continue
        found = level.stat()
        bit = 0o100 if found.st_uid == uid else 0o010 if found.st_gid == gid else 0o001
        if not found.st_mode & bit:
            return False
    return True


def _has_capability(number: int) -> bool:
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
    except OSError:
        return False
    bits = next((int(line.split()[1], 16) for line in status.splitlines() if line.startswith("CapPrm:")), 0)
    return bool(bits >> number & 1)
