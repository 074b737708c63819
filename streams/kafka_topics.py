"""How topics and disks stand at the brokers: partitions, replicas and those in step, and room. For `ioc doctor`."""

from __future__ import annotations

from dataclasses import dataclass

from ioc.settings import Settings
from streams.kafka_admin import OWN_TOPICS, administrator


@dataclass(frozen=True, slots=True)
class TopicState:
    """One topic; ``replicas`` and ``in_step`` are those of its weakest partition, 0 where one has no leader."""

    title: str
    topic_id: str
    partitions: int
    replicas: int
    in_step: int


def topic_states(settings: Settings) -> tuple[str, dict[str, TopicState]]:
    """The cluster's id, and the topics that are there by name. Raises Transient, ConfigError."""
    with administrator(settings) as client:
        cluster = str(client.describe_cluster()["cluster_id"])
        described = client.describe_topics(list(OWN_TOPICS))
    found = {}
    for topic in described:
        parts = topic["partitions"]
        if topic.get("error_code") or not parts:
            continue
        title = topic["name"]
        found[title] = TopicState(
            title,
            str(topic.get("topic_id") or title),
            len(parts),
            min(len(part["replica_nodes"]) for part in parts),
            min(len(part["isr_nodes"]) if part["leader_id"] >= 0 else 0 for part in parts),
        )
    return cluster, found


@dataclass(frozen=True, slots=True)
class LogDir:
    """A directory in which a broker keeps logs; ``free`` in bytes, None where the broker does not say (before 3.3)."""

    broker: int
    path: str
    offline: bool
    free: int | None


def log_dirs(settings: Settings) -> list[LogDir]:
    """Every directory of every broker; none of one that may not be asked. Raises Transient, ConfigError."""
    with administrator(settings) as client:
        told = client.describe_log_dirs(topic_partitions={})
    return [
        LogDir(
            int(one["broker"]),
            str(place["log_dir"]),
            bool(place["error_code"]),
            usable if (usable := int(place.get("usable_bytes", -1))) >= 0 else None,
        )
        for one in told
        for place in one["log_dirs"]
    ]
