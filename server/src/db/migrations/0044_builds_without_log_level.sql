-- Builds say what Terraform says; asking it for more would put secrets into their logs.

alter table workspace_builds drop column log_level;
