"""Measured figures at a moment: the last level set, plus every change added after it."""

from __future__ import annotations

from datetime import datetime

from ioc.figures import IndicatorFigure
from ioc.store.connect import Connection

# The first condition on the time is what the index takes: without it every measurement ever added would be read.
VALUES = """
    with recursive places as (
        (select indicator, unit from indicator_event order by indicator, unit limit 1)
        union all
        select further.indicator, further.unit
          from places p
         cross join lateral (
               select e.indicator, e.unit
                 from indicator_event e
                where (e.indicator, e.unit) > (p.indicator, p.unit)
                order by e.indicator, e.unit
                limit 1
         ) as further
    )
    select p.indicator, p.unit, coalesce(last.value, 0) + coalesce(later.added, 0) as value,
           greatest(last.at, later.at) as at
      from places p
      left join lateral (
          select e.value, e.at, e.event_id
            from indicator_event e
           where e.indicator = p.indicator and e.unit = p.unit and e.at < %(as_of)s and not e.is_add
           order by e.at desc, e.event_id collate "C" desc
           limit 1
      ) as last on true
      left join lateral (
          select sum(e.value order by e.at, e.event_id collate "C") as added, max(e.at) as at
            from indicator_event e
           where e.indicator = p.indicator and e.unit = p.unit and e.at < %(as_of)s and e.is_add
             and e.at >= coalesce(last.at, '-infinity'::timestamptz)
             and (last.at is null or (e.at, e.event_id collate "C") > (last.at, last.event_id collate "C"))
      ) as later on true
     where last.at is not null or later.at is not null
"""


def values(conn: Connection, as_of: datetime) -> dict[str, dict[int, IndicatorFigure]]:
    """Own value of every indicator at every unit number that has one, at ``as_of``; the time is the newest that counts."""
    found: dict[str, dict[int, IndicatorFigure]] = {}
    for indicator, unit, value, at in conn.execute(VALUES, {"as_of": as_of}).fetchall():
        found.setdefault(indicator, {})[int(unit)] = IndicatorFigure(float(value), at)
    return found
