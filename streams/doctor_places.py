"""`ioc doctor` on what is beside the database: this machine's zone, the broker and its topics."""

from __future__ import annotations

import socket
from datetime import UTC, datetime

from ioc.facts import TOPICS
from ioc.settings import Settings
from ioc.store.connect import Connection
from ioc.store.health import known_partitions
from ioc.walls import check, composed
from ioc.world import load_world


def composed_walls(settings: Settings) -> str:
    """Whether the units and indicators that walls name are there."""
    world = load_world(settings, datetime.now(settings.zone).date())
    check(settings.walls, world.by_code, world.indicators)
    return f"{len(composed(settings.walls))} walls, {len(settings.playlists)} playlists, of {world.root.name_vi}"


def broker(settings: Settings) -> str:
    """Whether one of the broker's addresses takes a connection."""
    if settings.broker == "log":
        return "the log source in the database stands in for Kafka"
    addresses = [address.strip() for address in settings.kafka.bootstrap_servers.split(",") if address.strip()]
    if not addresses:
        raise OSError("kafka.bootstrap_servers is not set; set IOC_KAFKA__BOOTSTRAP_SERVERS")
    refused = []
    for address in addresses:
        host, _, port = address.rpartition(":")
        try:
            socket.create_connection((host, int(port)), timeout=3).close()
        except OSError as error:
            refused.append(f"{address} ({error})")
        else:
            return f"{address} takes connections"
    raise OSError(f"no broker answers: {', '.join(refused)}; start it or correct kafka.bootstrap_servers")


def host(settings: Settings) -> str:
    """Whether this machine's own zone is UTC or the province's: logs and people's reports carry its times."""
    now = datetime.now(UTC)
    here, there = now.astimezone(), now.astimezone(settings.zone)
    if here.utcoffset() not in (there.utcoffset(), now.utcoffset()):
        raise OSError(
            f"this machine's clock shows {here:%H:%M %Z}, the province's {there:%H:%M}: set the machine's zone to "
            f"UTC or {settings.province.zone} (timedatectl set-timezone, or TZ)"
        )
    return f"this machine's zone is {here:%Z}"


def topics(conn: Connection, settings: Settings) -> str:
    """Whether the broker's topics are those that the settings name, whole, and all read."""
    if settings.broker == "log":
        return "the log source in the database stands in for Kafka"
    from streams.kafka_admin import OWN_TOPICS
    from streams.kafka_topics import topic_states

    cluster, found = topic_states(settings)
    wrong = []
    for title in OWN_TOPICS:
        topic = found.get(title)
        if topic is None:
            wrong.append(f"{title} is not there: start 'ioc ingest', which makes it, or make it beforehand")
            continue
        wanted = settings.kafka.partitions
        if topic.partitions < wanted:
            wrong.append(
                f"{title} has {topic.partitions} partitions, kafka.partitions says {wanted}: raise them "
                f"(kafka-topics.sh --alter --topic {title} --partitions {wanted}), or correct the setting"
            )
        elif topic.partitions > wanted:
            wrong.append(f"{title} has {topic.partitions} partitions: set kafka.partitions to that, not to {wanted}")
        if topic.replicas < settings.kafka.replication:
            wrong.append(
                f"{title} has {topic.replicas} replicas, kafka.replication says {settings.kafka.replication}: "
                "reassign its partitions (kafka-reassign-partitions.sh), or correct the setting"
            )
        elif topic.in_step < topic.replicas:
            wrong.append(f"{title} has {topic.in_step} of {topic.replicas} replicas in step: look after the brokers")
        if title in TOPICS:
            known = known_partitions(conn, cluster, TOPICS[title], topic.topic_id)
            unread = sorted(set(range(topic.partitions)) - known)
            if unread:
                named = ", ".join(map(str, unread))
                wrong.append(
                    f"nobody has ever read partition {named} of {title}: start 'ioc ingest', or start it again"
                )
    if wrong:
        raise OSError("; ".join(wrong))
    return f"{len(found)} topics of {settings.kafka.partitions} partitions, {settings.kafka.replication} replicas"
