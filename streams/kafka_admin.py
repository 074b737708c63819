"""Kafka's settings, errors and topics: what consumer and producer share.

Only the modules named ``kafka_…`` import kafka.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from kafka import KafkaConsumer, KafkaProducer
from kafka import errors as kafka_errors
from kafka.admin import KafkaAdminClient
from kafka.net.compat import KafkaNetClient

from ioc.errors import ConfigError, OperatorError, Transient
from ioc.facts import TOPICS, Topic
from ioc.settings import Settings
from streams.source import Identity

ACTIONS = "ioc.actions.v1"
"""What operators did; made by us."""
OWN_TOPICS = (*TOPICS, ACTIONS)

PATIENCE_MS = 10_000
"""How long a broker may take to answer before it is called away."""

REFUSALS = (
    kafka_errors.AuthorizationError,
    kafka_errors.SaslAuthenticationFailedError,
    kafka_errors.UnsupportedSaslMechanismError,
    kafka_errors.KafkaConfigurationError,
)


@contextmanager
def translated() -> Iterator[None]:
    """Driver errors, by class: what the broker forbids is ConfigError, a broker that is away Transient, and so is one
    that cannot read its own log."""
    try:
        yield
    except REFUSALS as error:
        raise ConfigError(f"kafka: {error}") from error
    except kafka_errors.KafkaError as error:
        if not error.retriable and not isinstance(error, kafka_errors.CorruptRecordError):
            raise
        raise Transient(f"kafka: {error}") from error
    except OSError as error:
        raise Transient(f"kafka: {error}") from error


def made(settings: Settings, kind: type, **ours: Any) -> Any:
    """A client of kafka-python. Raises ConfigError, Transient; then it leaves neither thread nor socket behind, as
    the driver's own constructors do."""
    begun: list[Any] = []

    def begin(**configs: Any) -> Any:
        begun.append(KafkaNetClient(**configs))
        return begun[0]

    with translated():
        try:
            return kind(**client_settings(settings, kind, kafka_client=begin, **ours))
        except BaseException:
            for client in begun:
                client.close()
                client._net.stop()
            raise


def client_settings(settings: Settings, client: type, **ours: Any) -> dict[str, Any]:
    """What one client of kafka-python is made with: ours, then those of ``kafka.options`` that this client knows.

    Raises ConfigError where no broker is named, or an option is one that no client knows.
    """
    if not settings.kafka.bootstrap_servers:
        raise ConfigError(
            "kafka.bootstrap_servers is not set: set IOC_KAFKA__BOOTSTRAP_SERVERS, or start 'ioc demo' and name its "
            "--data-dir"
        )
    known = [set(kind.DEFAULT_CONFIG) for kind in (KafkaConsumer, KafkaProducer, KafkaAdminClient)]
    for name in settings.kafka.options:
        if not any(name in names for names in known):
            raise ConfigError(f"kafka.options: kafka-python has no setting {name!r}")
    own: Mapping[str, Any] = client.DEFAULT_CONFIG  # type: ignore[attr-defined]
    passed = {name: value for name, value in settings.kafka.options.items() if name in own}
    return {
        "bootstrap_servers": [part.strip() for part in settings.kafka.bootstrap_servers.split(",")],
        "bootstrap_timeout_ms": PATIENCE_MS,
        "reconnect_backoff_max_ms": 1_000,
        **{name: value for name, value in {"metrics_enabled": False, **ours}.items() if name in own},
        **passed,
    }


@contextmanager
def administrator(settings: Settings) -> Iterator[Any]:
    """A connection for questions about the broker. Raises ConfigError, Transient."""
    client = made(settings, KafkaAdminClient, request_timeout_ms=PATIENCE_MS)
    with translated():
        try:
            yield client
        finally:
            client.close()


def ensure_topics(settings: Settings, titles: Collection[str] = OWN_TOPICS) -> list[str]:
    """Makes the topics that are missing, with ``kafka.partitions``; returns their names. Safe to run by two at once.

    Returns when every topic can be written. Raises Transient, ConfigError; OperatorError where the broker refuses.
    """
    with administrator(settings) as client:
        missing = sorted(set(titles) - set(client.list_topics()))
        if missing:
            try:
                client.create_topics(
                    {
                        title: {
                            "num_partitions": settings.kafka.partitions,
                            "replication_factor": settings.kafka.replication,
                        }
                        for title in missing
                    },
                    timeout_ms=PATIENCE_MS,
                )
            except kafka_errors.TopicAlreadyExistsError:
                pass  # by another process, a moment ago
            except (kafka_errors.InvalidReplicationFactorError, kafka_errors.PolicyViolationError) as error:
                raise OperatorError(f"kafka makes no topic {', '.join(missing)}: {error}") from error
        client.wait_for_topics(list(titles), timeout_ms=PATIENCE_MS)
    return missing


def identity(settings: Settings) -> Identity:
    """The cluster's id and the ids of the inbound topics. Raises Transient, ConfigError."""
    with administrator(settings) as client:
        cluster = client.describe_cluster()["cluster_id"]
        topics = {found["name"]: found for found in client.describe_topics(list(TOPICS))}
        ids: dict[Topic, str] = {}
        for title, topic in TOPICS.items():
            found = topics.get(title)
            if found is None or found.get("error_code"):
                raise Transient(f"kafka does not know the topic {title} yet")
            ids[topic] = str(found.get("topic_id") or title)  # brokers before 2.8 give topics no id
        return Identity(str(cluster), ids)
