-- What people set once.
create table state (
    key text primary key,
    value text not null
);

create table unit (
    no integer generated always as identity primary key,
    pack text not null,
    code text not null,
    name_vi text not null,
    name_en text not null,
    kind text not null,
    parent text,
    unique (pack, code)
);

create table service (
    no integer generated always as identity primary key,
    code text not null unique
);

-- A partition of a topic of a cluster: how far it was read, by whom, and what became of every offset.
create table source (
    no integer generated always as identity primary key,
    cluster text not null,
    topic smallint not null,
    topic_id text not null,
    partition integer not null,
    first_offset bigint not null,
    next_offset bigint not null,
    epoch bigint not null default 0,
    owner text not null default '',
    claimed_at timestamptz,
    events bigint not null default 0,
    duplicates bigint not null default 0,
    rejects bigint not null default 0,
    tombstones bigint not null default 0,
    empty bigint not null default 0,
    expired bigint not null default 0,
    redriven bigint not null default 0,
    forgotten bigint not null default 0,
    last_event_at timestamptz,
    last_arrival_at timestamptz,
    finding text not null default '',
    found_at timestamptz,
    unique (cluster, topic, topic_id, partition)
) with (fillfactor = 50);

-- Where the partitions end, as last seen on the broker; apart from source, so that looking never waits for writing.
create table source_end (
    source integer primary key references source (no) on delete cascade,
    end_offset bigint not null,
    seen_at timestamptz not null
) with (fillfactor = 50);

-- Every accepted event id with a digest of its content, and the offset that brought it.
create table identity (
    topic smallint not null,
    id uuid not null,
    content uuid not null,
    source integer not null,
    record_offset bigint not null,
    arrived_at timestamptz not null default now(),
    primary key (topic, id)
);

-- Cases, incidents and cameras share one numbering, so that their effects share one table.
create sequence subject_no;

create table case_file (
    no bigint primary key default nextval('subject_no'),
    code text not null unique
);

create table case_event (
    case_no bigint not null,
    at timestamptz not null,
    event_id text not null,
    status smallint not null,
    handling integer not null,
    receiving integer not null,
    channel smallint not null,
    due_at timestamptz,
    procedure text not null,
    extension_no smallint,
    flags integer not null,
    fee_vnd bigint,
    payment_method text,
    applicant text,
    stage text,
    source integer not null,
    record_offset bigint not null
);
create index case_event_case on case_event (case_no);

create table incident (
    no bigint primary key default nextval('subject_no'),
    incident_id text not null unique,
    first_at timestamptz,
    ended_at timestamptz
);
create index incident_first on incident (first_at desc);
create index incident_running on incident (first_at) where ended_at is null;
create index incident_ended on incident (ended_at) where ended_at is not null;

create table incident_event (
    incident_no bigint not null,
    at timestamptz not null,
    event_id text not null,
    unit integer not null,
    severity smallint not null,
    state smallint not null,
    kind text not null,
    camera_id text not null,
    lat double precision,
    lon double precision,
    confidence double precision,
    plate_masked text,
    snapshot_url text,
    place text,
    source integer not null,
    record_offset bigint not null
);
create index incident_event_incident on incident_event (incident_no, at);

create table camera (
    no bigint primary key default nextval('subject_no'),
    camera_id text not null unique
);

create table health_event (
    camera_no bigint not null,
    at timestamptz not null,
    event_id text not null,
    unit integer not null,
    status smallint not null,
    lat double precision,
    lon double precision,
    source integer not null,
    record_offset bigint not null
);
create index health_event_camera on health_event (camera_no, at);

create table usage_event (
    unit integer not null,
    at timestamptz not null,
    event_id text not null,
    service integer not null,
    action text not null,
    outcome smallint not null,
    uses integer not null,
    duration_ms integer,
    amount_vnd bigint,
    satisfied boolean,
    source integer not null,
    record_offset bigint not null
);
create index usage_event_at on usage_event (at);

create table indicator_event (
    indicator text not null,
    unit integer not null,
    at timestamptz not null,
    event_id text not null,
    value double precision not null,
    is_add boolean not null,
    source integer not null,
    record_offset bigint not null
);
create index indicator_event_at on indicator_event (indicator, unit, at);

-- Everything that a case, an incident or a camera changes in any figure, future changes included.
create table effect (
    subject bigint not null,
    at timestamptz not null,
    metric smallint not null,
    handling integer not null,
    receiving integer not null,
    delta smallint not null check (delta <> 0),
    primary key (subject, at, metric, handling, receiving)
);
create index effect_at on effect (at);
create index effect_finished on effect (receiving, at desc) where metric in (4, 5);

-- Sums of effects and of uses, by minute and by local day.
create table rollup_minute (
    bucket timestamptz not null,
    metric integer not null,
    handling integer not null,
    receiving integer not null,
    value bigint not null,
    primary key (bucket, metric, handling, receiving)
) with (fillfactor = 80);

create table rollup_day (
    bucket timestamptz not null,
    metric integer not null,
    handling integer not null,
    receiving integer not null,
    value bigint not null,
    primary key (bucket, metric, handling, receiving)
) with (fillfactor = 80);

-- Sums of everything before a local midnight, for states: a past moment costs a month at most.
create table opening (
    at timestamptz primary key
);

create table opening_balance (
    at timestamptz not null references opening (at) on delete cascade,
    metric integer not null,
    handling integer not null,
    receiving integer not null,
    value bigint not null,
    primary key (at, metric, handling, receiving)
);

-- What each batch changed, packed, so that a live picture is patched without reading the figures again.
create table change (
    no bigint generated always as identity primary key,
    tx xid8 not null default pg_current_xact_id(),
    written_at timestamptz not null default clock_timestamp(),
    topics integer not null,
    deltas bytea not null
);
create index change_tx on change (tx);

create table reject (
    no bigint generated always as identity primary key,
    topic smallint not null,
    source integer not null,
    record_offset bigint not null,
    reason text not null,
    detail text not null,
    key bytea,
    body bytea not null,
    headers bytea not null,
    digest bytea not null,
    redrivable boolean not null,
    fate text not null default 'open' check (fate in ('open', 'redriven', 'discarded')),
    rejected_at timestamptz not null default now(),
    settled_at timestamptz,
    unique (source, record_offset)
);
create index reject_open on reject (topic, reason) where fate = 'open';

-- One leader among the watching processes.
create table lease (
    name text primary key,
    owner text not null,
    epoch bigint not null,
    until timestamptz not null
);
