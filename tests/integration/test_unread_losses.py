"""What a broker loses before it was read is found when somebody claims, counted as far as it was seen, and alarmed."""

from __future__ import annotations

import pytest

from ioc.store import findings
from ioc.store.connect import connect
from streams.doctor import examine
from streams.embedded.process import wait_until
from tests.ingesting import ingesting
from tests.lives import USAGE, Event, ordinary
from tests.losing import ioc, kinds, make_anew, nobody_looks, past_of, see_unread, wipe
from tests.site import PATIENCE_S, Site

ON_KAFKA = pytest.mark.parametrize("wired", ["kafka"], indirect=True)
LOST = "select sum(lost) from source"


def uses(seed: int) -> list[tuple[str, Event]]:
    """A hundred uses and more."""
    return [one for one in ordinary(seed, 150) if one[0] == USAGE]


def read(site: Site) -> None:
    """Ordinary events, and an ingest that reads all of them."""
    with ingesting(site.settings):
        site.send(ordinary(1, 60))
        site.assert_known()


def assert_alarmed(site: Site, finding: str, says: str) -> None:
    """Doctor and the list say it, until it is settled."""
    (said,) = examine(site.settings, ["findings"])
    assert not said.ok
    assert says in said.says
    listed = ioc(site, 1, "findings", "list")
    assert finding in listed
    assert says in listed
    ioc(site, 0, "findings", "settle")
    (said,) = examine(site.settings, ["findings"])
    assert said.ok, said.says
    assert finding in ioc(site, 0, "reconcile")


@ON_KAFKA
@pytest.mark.parametrize("seen", [True, False], ids=["seen", "never seen"])
def test_a_topic_deleted_with_records_unread_is_alarmed(site: Site, seen: bool) -> None:
    """Also where nobody saw them: then nobody knows how many they were."""
    read(site)
    unread = uses(2)
    site.send(unread)
    if seen:
        see_unread(site, len(unread))
    else:
        nobody_looks(site)
    make_anew(site, USAGE)
    with ingesting(site.settings):
        assert wait_until(lambda: kinds(site) == {"remade"}, PATIENCE_S)
        assert site.ask(LOST) == (len(unread) if seen else 0)
        assert_alarmed(site, "remade", "known to be unread when it was last looked at")
        site.send(unread)  # by their sources, once more
        site.assert_known()
        make_anew(site, USAGE)  # everything was read, under our eyes: no more than a note
        topics = "select count(distinct topic_id) from source where topic = 3"
        assert wait_until(lambda: site.ask(topics) == 3, PATIENCE_S)
        site.send(uses(3))
        site.assert_known()
        assert kinds(site) == set()
    with connect(site.settings.database.dsn) as conn:
        assert [one.finding for one in findings.listed(conn, settled=True)] == ["remade"] * 8


@ON_KAFKA
@pytest.mark.parametrize("seen", [True, False], ids=["seen", "never seen"])
def test_a_wiped_broker_is_alarmed(site: Site, seen: bool) -> None:
    read(site)
    unread = uses(2)
    site.send(unread)
    if seen:
        see_unread(site, len(unread))
    else:
        nobody_looks(site)
    wipe(site)
    with ingesting(site.settings):
        assert wait_until(lambda: kinds(site) == {"reset"}, PATIENCE_S)
        assert wait_until(lambda: site.ask("select count(*) from source where finding = 'reset'") == 16, PATIENCE_S)
        assert site.ask(LOST) == (len(unread) if seen else 0)
        assert_alarmed(site, "reset", "another broker is in the place of the former one")
        site.send([*unread, *ordinary(3, 20)])
        site.assert_known()
        assert kinds(site) == set()


def test_acknowledged_records_lost_before_they_were_read_are_counted(site: Site) -> None:
    """The log ends beyond what was read, and before where it had ended: nothing is read twice, and found once."""
    past = past_of(site)
    read(site)
    kept, unread = uses(2), uses(3)
    site.send(kept)
    past.remember()
    site.send(unread)
    see_unread(site, len(kept) + len(unread))
    past.bring_back()
    with ingesting(site.settings):
        assert wait_until(lambda: kinds(site) == {"shortened"}, PATIENCE_S)
        assert wait_until(lambda: site.ask(LOST) == len(unread), PATIENCE_S)
        assert_alarmed(site, "shortened", "lost records that it had acknowledged")
        site.send(unread)
        site.assert_known()
    duplicates = sum(source["duplicates"] for source in site.proved())
    assert duplicates == site.records - len(unread) - site.distinct, "what had been read was not read again"
    with ingesting(site.settings):
        site.send(ordinary(4, 30))
        site.assert_known()
        assert kinds(site) == set()
        assert site.ask(LOST) == len(unread)


@ON_KAFKA
def test_a_log_that_lost_what_was_read_also_counts_what_was_not(site: Site) -> None:
    past = past_of(site)
    read(site)
    past.remember()
    with ingesting(site.settings):
        site.send(ordinary(2, 60))
        site.assert_known()
    unread = uses(3)
    site.send(unread)
    see_unread(site, len(unread))
    past.bring_back()
    with ingesting(site.settings):
        assert wait_until(lambda: site.ask(LOST) == len(unread), PATIENCE_S)
        assert "truncated" in kinds(site)
        lost = site.ask("select max(lost) from source where finding = 'truncated'")
        assert f", {lost} unread)" in ioc(site, 1, "findings", "list")
