"""`ioc doctor` on room: on this machine's disk, the database's and the broker's.

Free is what a program without privileges may still take. A disk that cannot be seen from here is called neither well
nor bad.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

import psutil

from ioc.errors import Unseen
from ioc.settings import Settings
from ioc.store import health
from ioc.store.connect import Connection

MB, GB = 1_000_000, 1_000_000_000


def here(settings: Settings) -> str:
    """Room where the data directory is, or will be."""
    place = Path(settings.data_dir).resolve()
    while not place.exists():
        place = place.parent
    return enough(settings, [(str(place), shutil.disk_usage(place).free)])


def database(conn: Connection, settings: Settings) -> str:
    """Room where the server keeps its data and its log, where that is on this machine."""
    directory = health.data_directory(conn)
    if not directory:
        raise Unseen("this role may not ask where the server keeps its data: have an administrator grant it pg_monitor")
    found = []
    if is_here(conn.info.backend_pid):
        for place in (Path(directory), Path(directory, "pg_wal")):
            try:
                found.append((str(place.resolve()), shutil.disk_usage(place).free))
            except OSError:
                continue  # a directory that only its owner may enter
    if not found:
        raise Unseen(f"{directory} of the database's server cannot be seen from here: run 'df' there")
    return enough(settings, found)


def is_here(pid: int) -> bool:
    """Whether a process of PostgreSQL with this number runs on this machine, and not just somewhere behind a port."""
    try:
        return psutil.Process(pid).name().startswith("postgres")
    except psutil.Error:
        return False


def broker(settings: Settings) -> str:
    """Room where the brokers keep their logs, as they say it themselves."""
    if settings.broker == "log":
        return "the log source in the database stands in for Kafka"
    from streams.kafka_topics import log_dirs

    found = log_dirs(settings)
    gone = [f"{one.path} of broker {one.broker}" for one in found if one.offline]
    if gone:
        raise OSError(f"offline: {', '.join(gone)}; look after the disk, then start the broker again")
    told = [(f"{one.path} of broker {one.broker}", one.free) for one in found if one.free is not None]
    if not told:
        raise Unseen("the brokers do not say how much room they have (they need Kafka 3.3 and DESCRIBE on the cluster)")
    return enough(settings, told)


def enough(settings: Settings, places: Iterable[tuple[str, int]]) -> str:
    """Room at every place, in words. OSError where one has too little."""
    least = settings.doctor.least_free_mb * MB
    little = [f"only {free // MB} MB free at {place}" for place, free in places if free < least]
    if little:
        raise OSError(f"{'; '.join(little)}: make room")
    return ", ".join(f"{free // GB} GB free at {place}" for place, free in places)
