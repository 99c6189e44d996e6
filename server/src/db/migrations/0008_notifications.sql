-- What people are to be told, and how far the telling has come.

-- Written in the transaction of the change that it tells of. A notifier turns each row into inbox entries and
-- deliveries, once; the row stays as what they say.
create table outbox_messages (
  id           uuid primary key,
  event        text not null,
  -- To these people, or to all who are one of these, or to an address: one of the three.
  user_ids     uuid[],
  audience     text check (audience in ('user-admins', 'owners')),
  mail_to      text,
  facts        jsonb not null default '{}',
  -- Facts that open a door, such as the link of a password reset: sealed, and gone when they were sent.
  sealed_facts text,
  dedupe_key   text,
  created_at   timestamptz not null,
  expanded_at  timestamptz,
  check (num_nonnulls(user_ids, audience, mail_to) = 1)
);
create index outbox_messages_waiting on outbox_messages (id) where expanded_at is null;
create index outbox_messages_created on outbox_messages (created_at);
create unique index outbox_messages_dedupe on outbox_messages (event, dedupe_key);

create table inbox_notifications (
  id         uuid primary key,
  message_id uuid references outbox_messages on delete set null,
  user_id    uuid not null references users,
  event      text not null,
  title      text not null,
  body       text not null,
  -- [{label, url}]
  actions    jsonb not null default '[]',
  created_at timestamptz not null,
  read_at    timestamptz,
  unique (message_id, user_id)
);
create index inbox_notifications_user on inbox_notifications (user_id, id desc);
create index inbox_notifications_unread on inbox_notifications (user_id) where read_at is null;
create index inbox_notifications_created on inbox_notifications (created_at);

-- A queue: who leases a row may try to send it until the lease ends. The id is the one that the receiver sees.
create table notification_deliveries (
  id              uuid primary key,
  message_id      uuid not null references outbox_messages on delete cascade,
  method          text not null check (method in ('smtp', 'webhook')),
  -- Null for mail to an address.
  user_id         uuid references users,
  status          text not null default 'pending' check (status in ('pending', 'sent', 'failed', 'skipped')),
  attempts        integer not null default 0,
  next_attempt_at timestamptz not null,
  lease_id        uuid,
  leased_until    timestamptz,
  last_error      text,
  created_at      timestamptz not null,
  finished_at     timestamptz,
  unique nulls not distinct (message_id, method, user_id)
);
create index notification_deliveries_due on notification_deliveries (method, next_attempt_at) where status = 'pending';
create index notification_deliveries_failed on notification_deliveries (id desc) where status = 'failed';

-- What differs from the catalogue of events: by person, and for everybody.
create table notification_preferences (
  user_id    uuid not null references users,
  event      text not null,
  method     text not null check (method in ('inbox', 'smtp', 'webhook')),
  enabled    boolean not null,
  updated_at timestamptz not null,
  primary key (user_id, event, method)
);
create table notification_event_methods (
  event      text primary key,
  method     text not null check (method in ('inbox', 'smtp', 'webhook')),
  updated_at timestamptz not null
);

-- One row at most; none says that nothing is paused.
create table notification_settings (
  only_row        boolean primary key default true check (only_row),
  notifier_paused boolean not null,
  updated_at      timestamptz not null
);

-- From where each person has signed in, so that a new place is noticed.
create table sign_in_places (
  user_id       uuid not null references users,
  network       text not null,
  first_seen_at timestamptz not null,
  last_seen_at  timestamptz not null,
  primary key (user_id, network)
);
