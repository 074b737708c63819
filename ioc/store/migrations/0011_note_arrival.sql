-- when the first record of a batch reached us: the way from there to the glass is what a screen's latency means
alter table change add column arrived_at timestamptz;
