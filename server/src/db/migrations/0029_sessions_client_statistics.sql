-- Sessions are filtered by the client in lower case. Without figures about that, PostgreSQL takes every client for a rare
-- one, and sorts all sessions of the most common ones for each page.
create statistics sessions_client on lower(client) from sessions;
