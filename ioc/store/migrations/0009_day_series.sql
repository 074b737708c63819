-- The ten-minute sums of whole past local days, packed: a picture of nine days reads nine rows and not a million.
-- A batch that brings something late takes the row of its day away; `ioc watch` makes it again.
create table day_series (
    day timestamptz primary key,
    metrics integer[] not null,
    cells bytea not null
);
alter table day_series alter column cells set storage external;
