"""What a broker may do to its own log: lose its end, grow again, delete unread, be made anew. Nothing is lost, nothing
counts twice, and whoever looks is told."""

from __future__ import annotations

import pytest

from ioc.facts import TOPICS
from streams.doctor import examine
from streams.embedded.process import wait_until
from streams.kafka_admin import administrator
from streams.source import Place
from tests.contract.brokers import KafkaBroker, LogBroker
from tests.ingesting import ingesting
from tests.lives import CASES, USAGE, ordinary
from tests.losing import ioc, kinds, make_anew, past_of
from tests.site import PATIENCE_S, Site

NOTICED_S = 30.0
"""How soon a topic that was made anew must be read while ingest runs."""


ON_KAFKA = pytest.mark.parametrize("wired", ["kafka"], indirect=True)


def test_a_broker_that_lost_what_was_read_is_read_again_and_nothing_counts_twice(site: Site) -> None:
    """Brought back to an earlier day: shorter than before, regrown beyond it, and twice under a running ingest."""
    past = past_of(site)
    with ingesting(site.settings):
        site.send(ordinary(1, 40), poison=12)
        site.assert_known()
        past.remember()
        site.send(ordinary(2, 30))
        site.assert_known()
    past.bring_back()
    with ingesting(site.settings):
        assert wait_until(lambda: kinds(site) == {"truncated"}, PATIENCE_S)
        lost = ordinary(2, 30)
        site.send([*lost[:10], *ordinary(3, 10)], poison=3)  # some sources send again what they sent since
        site.assert_known()
    past.bring_back()
    site.send(ordinary(4, 120))
    with ingesting(site.settings):
        site.assert_known()
        assert kinds(site) == {"truncated", "replaced"}
        for seed in (5, 6):
            past.bring_back()
            site.send(ordinary(seed, 150))
            site.assert_known()
    generations = site.ask("select max(generation) from source")
    assert generations >= 3
    (said,) = examine(site.settings, ["findings"])
    assert not said.ok
    assert "truncated" in ioc(site, 1, "findings", "list")
    assert "findings settled" in ioc(site, 0, "findings", "settle")
    assert "lost nothing" in ioc(site, 0, "findings", "list")
    assert "settled" in ioc(site, 0, "findings", "list", "--all")
    assert "replaced" in ioc(site, 0, "reconcile")
    assert kinds(site) == set()
    (said,) = examine(site.settings, ["findings"])
    assert said.ok, said.says


def test_what_was_deleted_unread_is_counted_and_alarmed(site: Site) -> None:
    broker = LogBroker(site.settings) if site.broker is None else KafkaBroker(site.settings)
    with ingesting(site.settings):
        site.send(ordinary(1, 100))
        site.assert_known()
    known = site.distinct
    ends = {
        Place(TOPICS[CASES], n): site.ask(f"select next_offset from source where topic = 1 and partition = {n}")
        for n in range(4)
    }
    site.send(ordinary(2, 100))
    gone = {place: end + 20 for place, end in ends.items()}
    for place, before in gone.items():
        broker.forget(place, before)
    with ingesting(site.settings):
        left = f"select sum(events) from source having sum(expired) = {20 * len(gone)}"
        assert wait_until(lambda: kinds(site) == {"expired"}, PATIENCE_S)
        assert wait_until(lambda: site.ask("select sum(next_offset) from source") == site.records, PATIENCE_S)
    assert site.ask("select sum(expired) from source") == 20 * len(gone)
    assert known < site.ask(left) < site.distinct
    site.proved()
    (said,) = examine(site.settings, ["findings"])
    assert not said.ok
    assert "deleted records before they were read" in said.says


@ON_KAFKA
def test_a_topic_made_anew_is_read_from_its_beginning(site: Site) -> None:
    """Its offsets start again, and only its id tells; while ingest stands still, and while it runs."""

    with ingesting(site.settings):
        site.send(ordinary(1, 100))
        site.assert_known()
    make_anew(site, USAGE)
    site.send(ordinary(2, 150))
    with ingesting(site.settings):
        site.assert_known()
        make_anew(site, USAGE)
        site.send(ordinary(3, 200))
        topics = "select count(distinct topic_id) from source where topic = 3"
        assert wait_until(lambda: site.ask(topics) == 3, NOTICED_S)
        site.assert_known()


@ON_KAFKA
def test_partitions_that_are_added_are_read_while_ingest_runs(site: Site) -> None:
    with ingesting(site.settings):
        site.send(ordinary(1, 100))
        for seed, partitions in ((2, 5), (3, 7)):
            with administrator(site.settings) as client:
                client.create_partitions(dict.fromkeys((CASES, USAGE), partitions))
            site.send(ordinary(seed, 100))
        assert wait_until(lambda: site.ask("select count(*) from source") == 16 + 6, NOTICED_S)
        site.assert_known()
