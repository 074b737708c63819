-- A use is stored once for ever, also after its id was forgotten; the key holds the time and the unit, as a hypertable
-- with its columns grouped by unit needs it, and it is the index on the time as well.
-- A use that was counted twice before this key existed stays counted twice, under a name that says so.
update usage_event u
   set event_id = u.event_id || ' again from ' || u.source || ' ' || u.record_offset
  from (
      select source, record_offset,
             row_number() over (partition by at, unit, event_id order by source, record_offset) as turn
        from usage_event
  ) as numbered
 where numbered.turn > 1 and numbered.source = u.source and numbered.record_offset = u.record_offset;
create unique index usage_event_key on usage_event (at, unit, event_id);
drop index usage_event_at;
