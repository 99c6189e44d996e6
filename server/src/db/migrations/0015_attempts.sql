-- Every time that the provider was asked for one interception: [{at, credentialHint, statusCode, errorType, waitedMs}, …].
-- Null where it was once, which is the ordinary case.
alter table interceptions add column attempts jsonb;
