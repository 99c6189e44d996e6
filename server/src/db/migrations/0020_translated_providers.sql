-- What a type of provider has beside an address and keys: which models are called what there, and what they take.
alter table ai_providers add column settings jsonb not null default '{}';

-- Where the provider is asked in another form than the client's: the path, and what was changed in the body, so that
-- the bytes that were sent can be made again from those that came. Null where what came was sent.
alter table interceptions add column sent jsonb;
