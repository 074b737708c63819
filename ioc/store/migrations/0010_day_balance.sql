-- What stood open, overdue, paused … at a local midnight, packed, for the last hundred days: a copy like day_series.
create table day_balance (
    day timestamptz primary key,
    metrics integer[] not null,
    cells bytea not null
);
alter table day_balance alter column cells set storage external;
