-- The gateways of this deployment, each with a journal of its own: one row a journal, renewed every few seconds by the
-- process that writes it. What a gateway that does not come back had on its disk alone is the difference between the
-- last number that it told here and the one in journal_checkpoints.
create table gateways (
  replica_id        uuid primary key,
  -- The machine, and which process of it.
  host              text not null,
  process           integer not null,
  version           text not null,
  started_at        timestamptz not null,
  seen_at           timestamptz not null,
  -- Set by an orderly end.
  stopped_at        timestamptz,
  healthy           boolean not null,
  detail            text not null,
  -- The last frame that is durable on its disk.
  journal_seq       bigint not null,
  pending_bytes     bigint not null,
  drain_lag_seconds double precision not null,
  open_requests     integer not null
);
