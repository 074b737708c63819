-- What of each partition's open rejects is kept, and how large it is: what the cap is measured by.
create table reject_kept (
    source integer primary key references source (no) on delete cascade,
    records bigint not null,
    bytes bigint not null
) with (fillfactor = 50);

insert into reject_kept (source, records, bytes)
select r.source, count(*),
       sum(octet_length(r.body) + octet_length(r.headers) + coalesce(octet_length(r.key), 0) + octet_length(r.detail))
  from reject r
  join source s on s.no = r.source
 where r.fate = 'open'
 group by r.source;

-- Refused records of which nothing was kept, beyond the cap: counted exactly, with where they lie and when they came.
create table reject_overflow (
    source integer not null references source (no) on delete cascade,
    reason text not null,
    records bigint not null,
    settled bigint not null default 0,
    first_offset bigint not null,
    last_offset bigint not null,
    first_at timestamptz not null,
    last_at timestamptz not null,
    primary key (source, reason)
) with (fillfactor = 50);

-- How a partition stood at the first refusal of each of the last minutes: what share of its records is refused.
create table reject_minute (
    source integer not null references source (no) on delete cascade,
    minute timestamptz not null,
    records bigint not null,
    rejects bigint not null,
    primary key (source, minute)
);
