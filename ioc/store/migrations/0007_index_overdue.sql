-- The effects that say which cases are overdue, by who must decide: lists of them read nothing else.
create index effect_overdue on effect (handling, at) include (subject, receiving, delta) where metric = 11;
