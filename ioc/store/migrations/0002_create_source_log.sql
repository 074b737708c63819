-- The log that stands in for Kafka where there is none: same partitions, offsets and groups, nothing else knows of it.
create table source_log_head (
    no integer generated always as identity primary key,
    topic text not null,
    partition integer not null,
    first_offset bigint not null default 0,
    next_offset bigint not null default 0,
    unique (topic, partition)
) with (fillfactor = 50);

create table source_log (
    head integer not null,
    record_offset bigint not null,
    made_at timestamptz not null default clock_timestamp(),
    key bytea,
    value bytea,
    headers bytea,
    primary key (head, record_offset)
);

create table source_log_member (
    group_id text not null,
    owner text not null,
    seen_at timestamptz not null,
    primary key (group_id, owner)
);

create table source_log_commit (
    group_id text not null,
    head integer not null,
    next_offset bigint not null,
    primary key (group_id, head)
);
