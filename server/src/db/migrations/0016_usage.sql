-- What was used, by the hour in which requests ended: written by the drain in the transaction that records the ends, and
-- kept when the requests themselves go. All numbers of usage are read from here.
create table usage_hourly (
  hour                  timestamptz not null,
  organization_id       uuid not null,
  user_id               uuid not null,
  provider              text collate "C" not null,
  provider_name         text collate "C" not null,
  -- As the client asked for it.
  model                 text collate "C" not null,
  client                text collate "C" not null,
  requests              bigint not null default 0,
  errors                bigint not null default 0,
  input_tokens          bigint not null default 0,
  output_tokens         bigint not null default 0,
  cache_read_tokens     bigint not null default 0,
  cache_write_tokens    bigint not null default 0,
  cache_write_1h_tokens bigint not null default 0,
  reasoning_tokens      bigint not null default 0,
  audio_input_tokens    bigint not null default 0,
  audio_output_tokens   bigint not null default 0,
  -- In millionths of the currency of that list of prices; null while nobody has priced the row.
  cost_micros           bigint,
  price_version         text,
  primary key (hour, organization_id, user_id, provider, provider_name, model, client),
  check (hour = date_trunc('hour', hour, 'UTC')),
  check ((cost_micros is null) = (price_version is null))
);
create index usage_hourly_user on usage_hourly (user_id, hour);

insert into usage_hourly (hour, organization_id, user_id, provider, provider_name, model, client, requests, errors,
  input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, cache_write_1h_tokens, reasoning_tokens,
  audio_input_tokens, audio_output_tokens)
select date_trunc('hour', ended_at, 'UTC'), organization_id, user_id, provider, provider_name, model, client, count(*),
  count(*) filter (where outcome not in ('ok', 'client_disconnected')), sum(input_tokens), sum(output_tokens),
  sum(cache_read_tokens), sum(cache_write_tokens), sum(cache_write_1h_tokens), sum(reasoning_tokens),
  sum(audio_input_tokens), sum(audio_output_tokens)
from interceptions where ended_at is not null
group by 1, 2, 3, 4, 5, 6, 7;
