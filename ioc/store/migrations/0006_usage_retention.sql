-- How many raw uses of each partition were dropped after their time; their sums stay.
alter table source add column dropped bigint not null default 0;
