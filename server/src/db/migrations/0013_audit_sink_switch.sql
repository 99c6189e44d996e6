-- A sink can be switched off without losing its place in the chain.

alter table audit_sinks add column disabled_at timestamptz;
