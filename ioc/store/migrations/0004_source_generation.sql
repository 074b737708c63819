-- A broker that lost or replaced what was read gets a new generation of the partition, which reads all it still has.
alter table source
    add column generation integer not null default 0,
    add column tail_offset bigint,
    add column tail bytea,
    add column closed_at timestamptz,
    add column settled_at timestamptz;
alter table source
    drop constraint source_cluster_topic_topic_id_partition_key,
    add constraint source_generation unique (cluster, topic, topic_id, partition, generation);
create unique index source_open on source (cluster, topic, topic_id, partition) where closed_at is null;
