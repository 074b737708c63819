-- How fast each partition is catching up, as its reader sees it: whoever looks can say when it will be done.
alter table source_end add column closing_per_s double precision not null default 0;
