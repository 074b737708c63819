-- What a broker once had and nobody can read any more is counted; a topic that has been known is read from offset 0 on.
alter table source
    add column lost bigint not null default 0,
    add column known_at timestamptz not null default clock_timestamp();

-- whatever is here has been known for as long as it matters
update source set known_at = timestamptz 'epoch';

-- Topics and brokers that others have taken the place of: closed, and an alarm only where something was unread.
with present as (
    select distinct on (topic) topic, cluster, topic_id from source order by topic, claimed_at desc nulls last
)
update source s
   set closed_at = clock_timestamp(), finding = case when s.cluster = p.cluster then 'remade' else 'reset' end,
       found_at = clock_timestamp(), lost = greatest(coalesce(e.end_offset, 0) - s.next_offset, 0),
       settled_at = case when coalesce(e.end_offset, 0) <= s.next_offset then clock_timestamp() end
  from present p, source f
  left join source_end e on e.source = f.no
 where f.no = s.no and p.topic = s.topic and (p.cluster, p.topic_id) <> (s.cluster, s.topic_id)
   and s.closed_at is null and (s.finding = '' or s.settled_at is not null);

-- Up to where refused records that were not kept have been discarded: nobody wants those read again.
alter table reject_overflow add column discarded_to bigint not null default -1;
update reject_overflow set discarded_to = last_offset where settled = records;
