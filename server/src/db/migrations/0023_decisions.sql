-- What a policy said of one interception: [{at, subject, name, toolCallId, allowed, rule, heldMs}, …]. Null where it was
-- asked nothing that is on record.
alter table interceptions add column decisions jsonb;
