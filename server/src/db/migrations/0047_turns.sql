-- A request that brings what an earlier one of its session brought is that one sent again. The drain looks for it with
-- every request, and without this it goes through the whole session each time.
create index interceptions_turn on interceptions (session_id, turn_sha256, id) where turn_sha256 is not null;
