-- How each provider does at a gateway: its keys by their ids, the models that are left alone and the requests in flight,
-- by the provider's name. Told with each beat; null where the gateway has stopped or is of a release that does not tell.
alter table gateways add column provider_standings jsonb;
