"""What is refused is counted exactly and kept up to a cap; what cannot be stored stops no feed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime

import msgspec
import pytest

from ioc.__main__ import parser
from ioc.errors import Fenced, OperatorError
from ioc.facts import Batch, Fact, Reject, Topic, UsageEvent, Written, us_of
from ioc.figures import FeedFigure
from ioc.life import Rules
from ioc.settings import Settings
from ioc.snapshot import Scope
from ioc.store import rejects
from ioc.store.batch import write_batch
from ioc.store.connect import Connection
from ioc.store.feeds import feeds
from ioc.store.live import Live
from ioc.store.overview import overview
from ioc.store.reconcile import reconcile
from ioc.store.refused import Cap
from ioc.world import World
from streams import verbs
from streams.writer import Writer
from tests.batches import batch, claim, garbage

NOW = datetime(2026, 11, 23, 3, 15, 30, 250_000, tzinfo=UTC)
MOST_VND = 10**15
CUT = """
    select pg_terminate_backend(pid) from pg_stat_activity
     where datname = current_database() and application_name = 'ioc ingest writer'
"""


def counted(conn: Connection) -> tuple[int, int, int]:
    """Rejects ever made, rows kept, and passed over."""
    row = conn.execute(
        "select (select sum(rejects) from source)::bigint, (select count(*) from reject),"
        " (select coalesce(sum(records), 0) from reject_overflow)::bigint"
    ).fetchone()
    assert row is not None
    return int(row[0]), int(row[1]), int(row[2])


def test_beyond_the_cap_a_thinning_sample_is_kept_and_all_are_counted(conn: Connection, rules: Rules) -> None:
    claimed, cap = claim(conn), Cap(records=50)
    for first in range(0, 12_000, 400):
        whats = [garbage("schema" if n % 4 == 0 else "not_json") for n in range(400)]
        write_batch(conn, batch(claimed, whats, first), rules, cap)
    made, kept, passed = counted(conn)
    assert made == 12_000 == kept + passed
    assert 100 <= kept <= 103  # 50 whole, 50 of 5,000, then one in 10,000
    assert conn.execute("select records from reject_kept").fetchone() == (kept,)
    rows = conn.execute("select reason, records, first_offset, last_offset from reject_overflow order by 1").fetchall()
    assert [(reason, first, last) for reason, _, first, last in rows] == [
        ("not_json", 50, 11_999),
        ("schema", 52, 11_996),
    ]
    assert reconcile(conn, rules, deep=True).differences == 0
    assert len(conn.execute("select from reject_minute").fetchall()) <= 2


def test_what_is_settled_makes_room(conn: Connection, rules: Rules) -> None:
    claimed, cap = claim(conn), Cap(records=10)
    write_batch(conn, batch(claimed, [garbage()] * 30), rules, cap)
    nos = [one.no for one in rejects.listed(conn)]
    assert rejects.settle(conn, nos, "discarded") == len(nos) == 10
    assert rejects.settle(conn, nos, "discarded") == 0
    assert conn.execute("select records, bytes from reject_kept").fetchall() == [(0, 0)]
    write_batch(conn, batch(claimed, [garbage()] * 10, 30), rules, cap)
    assert counted(conn) == (40, 20, 20)
    assert reconcile(conn, rules, deep=True).differences == 0


def test_few_large_ones_reach_the_cap_by_their_bytes(conn: Connection, rules: Rules) -> None:
    write_batch(conn, batch(claim(conn), [garbage(body=b"x" * 1000)] * 50), rules, Cap(bytes=10_000))
    made, kept, _ = counted(conn)
    assert (made, kept) == (50, 10)


def test_a_cap_is_of_one_topic(conn: Connection, rules: Rules) -> None:
    cap = Cap(records=10)
    write_batch(conn, batch(claim(conn), [garbage()] * 30), rules, cap)
    write_batch(conn, batch(claim(conn, partition=1), [garbage()] * 30), rules, cap)
    write_batch(conn, batch(claim(conn, Topic.CASES), [garbage()] * 5), rules, cap)
    assert conn.execute("select topic, count(*) from reject group by 1 order by 1").fetchall() == [(1, 5), (3, 10)]


def feed(conn: Connection, topic: Topic = Topic.USAGE) -> FeedFigure:
    return next(one for one in feeds(conn) if one.topic == topic.title)


def test_a_source_of_garbage_raises_an_alarm_until_it_is_seen_to(conn: Connection, world: World, rules: Rules) -> None:
    claimed, cap = claim(conn), Cap(records=40)
    write_batch(conn, batch(claimed, [payment(world, n, amount=1) for n in range(1000)]), rules, cap)
    assert not feed(conn).refuses_most
    write_batch(conn, batch(claimed, [garbage()] * 60, 1000), rules, cap)
    now = feed(conn)
    assert (now.recent_records, now.recent_rejected, now.refuses_most) == (60, 60, False)  # too few to say so
    write_batch(conn, batch(claimed, [garbage()] * 60, 1060), rules, cap)
    now = feed(conn)
    assert (now.recent_records, now.recent_rejected, now.refuses_most) == (120, 120, True)
    assert now.not_kept == 79
    assert feed(conn, Topic.CASES).not_kept == 0
    write_batch(conn, batch(claimed, [payment(world, n, amount=1) for n in range(1000, 1200)], 1120), rules, cap)
    assert not feed(conn).refuses_most  # most are good again
    assert [(one.records, one.settled) for one in rejects.overflows(conn)] == [(79, 0)]
    assert rejects.discard(conn, topic="usage", reason="not_json") == 41
    assert feed(conn).not_kept == 0
    assert rejects.overflows(conn) == []
    assert [(one.records, one.settled) for one in rejects.overflows(conn, settled=True)] == [(79, 79)]
    assert reconcile(conn, rules, deep=True).differences == 0


def said(settings: Settings, capsys: pytest.CaptureFixture[str], *words: str) -> list[str]:
    """The lines of ``ioc rejects``."""
    args = parser().parse_args(["rejects", *words])
    assert verbs.rejects(settings, args) == 0
    return capsys.readouterr().out.splitlines()


def test_the_command_tells_what_is_kept_and_what_is_not(
    conn: Connection, rules: Rules, ours: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    write_batch(conn, batch(claim(conn), [garbage()] * 700), rules, Cap(records=600))
    lines = said(ours, capsys, "list", "--topic", "usage")
    assert len(lines) == 601 + 1 + 1
    assert re.match(
        r"not kept  ioc\.usage\.v1 +0/600…698 not_json 99 records, 20\d\d-.+ UTC: 'ioc rejects redrive' reads them",
        lines[-2],
    )
    assert lines[-1] == "601 rejects"
    first = int(lines[0].split()[0])
    assert said(ours, capsys, "show", str(first))[4] == f"{'reason':<12} not_json"
    with pytest.raises(OperatorError, match="there is no reject 999999"):
        said(ours, capsys, "show", str(first), "999999")
    with pytest.raises(OperatorError, match="name the numbers to discard"):
        said(ours, capsys, "discard")
    capsys.readouterr()
    assert said(ours, capsys, "discard", str(first)) == ["1 discarded"]
    assert len(said(ours, capsys, "list")) == 600 + 1 + 1
    assert said(ours, capsys, "redrive") == [
        "0 driven again, 0 were known already, 600 were kept in part and can only be discarded"
    ]
    assert said(ours, capsys, "discard", "--topic", "usage") == ["600 discarded"]
    assert said(ours, capsys, "list") == ["0 rejects"]
    assert said(ours, capsys, "list", "--all")[-2].startswith("not kept")


def test_what_was_refused_long_ago_is_no_alarm(conn: Connection, rules: Rules) -> None:
    claimed = claim(conn)
    write_batch(conn, batch(claimed, [garbage()] * 200), rules)
    assert feed(conn).refuses_most
    conn.execute("update reject_minute set minute = minute - interval '6 minutes'")
    assert not feed(conn).refuses_most
    conn.execute("update reject_minute set minute = minute - interval '60 minutes'")
    write_batch(conn, batch(claimed, [garbage()], 200), rules)
    assert conn.execute("select records, rejects from reject_minute").fetchall() == [(200, 200)]


@pytest.fixture
def writer(ours: Settings, rules: Rules) -> Iterator[Writer]:
    made = Writer(ours, rules)
    yield made
    made.close()


def written(writer: Writer, given: Batch) -> Written:
    writer.give(given)
    assert writer.wait(120)
    found = writer.result()
    assert found is not None
    return found


def payment(world: World, no: int, amount: int = MOST_VND, event_id: str | None = None) -> UsageEvent:
    service = world.service_numbers["payment"]
    unit = world.by_code["718"].no
    return UsageEvent(event_id or f"p{no}", us_of(NOW), service, "pay", unit, amount_vnd=amount)


def test_sums_that_no_bigint_holds_refuse_the_one_record_too_many(
    conn: Connection, writer: Writer, world: World, rules: Rules, settings: Settings
) -> None:
    """9,223 of the greatest amounts fit into one unit's day; the next is refused, what fits beside it still counts."""
    claimed = claim(conn)
    for first in range(0, 9_000, 3_000):
        written(writer, batch(claimed, [payment(world, first + n) for n in range(3_000)], first))
    many = [payment(world, 9_000 + n) for n in range(230)]
    many[100:100] = [payment(world, n, amount=1000) for n in range(100_000, 100_003)]
    many.append(payment(world, 200_000, amount=2000))
    found = written(writer, batch(claimed, many, 9_000))
    assert found == Written(events=223 + 4, rejects=7)
    kept = rejects.listed(conn)
    assert [(one.reason, one.record_offset) for one in kept] == [("unstorable", 9_226 + n) for n in range(7)]
    assert "out of range" in kept[0].detail
    assert reconcile(conn, rules, deep=True).differences == 0
    later = datetime(2026, 11, 23, 4, tzinfo=UTC)
    total = 9_223 * MOST_VND + 5_000
    live = Live(conn, world, settings).advance(later).usage(Scope("74"))["payment"]
    past = overview(
        conn, world, settings, unit="74", scope="handling", as_of=later, from_=later.replace(hour=0), to=later
    ).usage["payment"]
    assert (live.amount_vnd, live.uses) == (past.amount_vnd, past.uses) == (total, 9_227)


def test_units_that_are_full_add_up_without_wrapping(
    conn: Connection, writer: Writer, world: World, settings: Settings
) -> None:
    """Two units of 9 × 10^18 each: their sum is beyond 64 bits."""
    claimed, first = claim(conn), 0
    for code in ("718", "724"):
        for _ in range(3):
            facts = [
                msgspec.structs.replace(payment(world, first + n), unit=world.by_code[code].no) for n in range(3_000)
            ]
            written(writer, batch(claimed, facts, first))
            first += 3_000
    later = datetime(2026, 11, 23, 4, tzinfo=UTC)
    live = Live(conn, world, settings).advance(later).usage(Scope("74"))["payment"]
    past = overview(
        conn, world, settings, unit="74", scope="handling", as_of=later, from_=later.replace(hour=0), to=later
    ).usage["payment"]
    assert live.amount_vnd == past.amount_vnd == 18_000 * MOST_VND
    assert msgspec.json.decode(msgspec.json.encode(past))["amount_vnd"] == 18_000 * MOST_VND


def test_what_no_text_of_the_database_holds_is_refused_alone(
    conn: Connection, writer: Writer, world: World, rules: Rules
) -> None:
    facts: list[Fact | Reject] = [payment(world, n, amount=1) for n in range(64)]
    facts[7] = payment(world, 7, amount=1, event_id="a\x00b")
    facts[8] = payment(world, 8, amount=10**30)
    facts[40] = payment(world, 9, amount=1, event_id="half \ud800 pair")
    facts[63] = Reject("schema", "NUL \x00 in the reason", None, b"{}", b"d")
    found = written(writer, batch(claim(conn), facts))
    assert found == Written(events=60, rejects=4)
    kept = rejects.listed(conn)
    assert [(one.record_offset, one.reason) for one in kept] == [(n, "unstorable") for n in (7, 8, 40, 63)]
    assert kept[-1].body == b""
    assert reconcile(conn, rules, deep=True).differences == 0


def test_connections_that_break_while_the_culprit_is_looked_for_cost_nothing(
    conn: Connection, writer: Writer, world: World, rules: Rules
) -> None:
    """Each piece is true or not; an unknown end of one fences us, and we read on from where the store stands."""
    facts: list[Fact | Reject] = [payment(world, n, amount=1) for n in range(120)]
    for no in (3, 40, 41, 99):
        facts[no] = payment(world, no, amount=1, event_id=f"bad \x00 {no}")
    stands, cut = 0, 0
    while stands < len(facts):
        claimed = claim(conn)
        stands = claimed.next_offset
        if stands == len(facts):
            break
        writer.give(batch(claimed, facts[stands:], stands))
        while not writer.wait(0.01):
            cut += len(conn.execute(CUT).fetchall()) if cut < 12 else 0
        with suppress(Fenced):
            writer.result()
    assert cut > 0
    kept = rejects.listed(conn)
    assert [(one.record_offset, one.reason) for one in kept] == [(n, "unstorable") for n in (3, 40, 41, 99)]
    assert conn.execute("select count(*) from usage_event").fetchone() == (116,)
    assert reconcile(conn, rules, deep=True).differences == 0
