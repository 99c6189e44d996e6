-- Sessions that are renewed when their holder's rights change, and wrong guesses that all replicas count together.

-- What the holder of a browser's session could do when it was begun; null where nobody looked.
alter table api_keys add column rights_sha256 bytea;
-- The session that this one took the place of. Whoever ends that one ends this one too.
alter table api_keys add column renewed_from text;
create index api_keys_renewed_from on api_keys (renewed_from) where renewed_from is not null;

-- Events that are limited, by the hash of what they are counted by: an address that was typed may be anything.
create table guesses (
  key_sha256 bytea primary key,
  count      integer not null,
  ends_at    timestamptz not null
);
create index guesses_ends on guesses (ends_at);
