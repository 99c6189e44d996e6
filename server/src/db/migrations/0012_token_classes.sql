-- Parts of the four classes that add up: what a cache keeps for an hour (of what was written to it), what a model thought
-- (of the output), and sound (of input and output). Providers price each of them by itself.
alter table interceptions
  add column cache_write_1h_tokens bigint not null default 0,
  add column reasoning_tokens      bigint not null default 0,
  add column audio_input_tokens    bigint not null default 0,
  add column audio_output_tokens   bigint not null default 0;
alter table sessions
  add column cache_write_1h_tokens bigint not null default 0,
  add column reasoning_tokens      bigint not null default 0,
  add column audio_input_tokens    bigint not null default 0,
  add column audio_output_tokens   bigint not null default 0;
