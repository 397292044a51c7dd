"""Row security: whoever reads in the name of nobody sees nothing.

Made by `libs.common.access_sql.row_security` from `GUARDED`; a test compares both. Sessions of an
older release say nothing of themselves and see nothing, so they have to end first.
"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
alter table "cases" enable row level security
    """,
    """
create policy as_service on "cases" using ((SELECT current_setting('xianjie.sees', true) =
'service' AS anon_1)) with check ((SELECT current_setting('xianjie.sees', true) = 'service' AS
anon_1))
    """,
    """
create policy seen on "cases" for select using ((SELECT current_setting('xianjie.sees', true) =
'organ' AS anon_1) AND (SELECT true AS anon_2 FROM case_access WHERE case_access.case_id =
"cases"."id" AND case_access.organ IN ((SELECT current_setting('xianjie.organ', true) AS
current_setting_1), '*') AND string_to_array(case_access.levels, ',') && CAST((SELECT
string_to_array(current_setting('xianjie.levels', true), ',') AS string_to_array_1) AS TEXT[])
AND (case_access.until IS NULL OR case_access.until >= (SELECT
CAST(nullif(current_setting('xianjie.today', true), '') AS DATE) AS nullif_1)) LIMIT 1) OR
(SELECT current_setting('xianjie.sees', true) = 'everything' AS anon_3))
    """,
    """
alter table "proceedings" enable row level security
    """,
    """
create policy as_service on "proceedings" using ((SELECT current_setting('xianjie.sees', true) =
'service' AS anon_1)) with check ((SELECT current_setting('xianjie.sees', true) = 'service' AS
anon_1))
    """,
    """
create policy seen on "proceedings" for select using ((SELECT current_setting('xianjie.sees',
true) = 'organ' AS anon_1) AND (SELECT true AS anon_2 FROM case_access WHERE case_access.case_id
= "proceedings"."case_id" AND case_access.organ IN ((SELECT current_setting('xianjie.organ',
true) AS current_setting_1), '*') AND string_to_array(case_access.levels, ',') && CAST((SELECT
string_to_array(current_setting('xianjie.levels', true), ',') AS string_to_array_1) AS TEXT[])
AND (case_access.until IS NULL OR case_access.until >= (SELECT
CAST(nullif(current_setting('xianjie.today', true), '') AS DATE) AS nullif_1)) LIMIT 1) OR
(SELECT current_setting('xianjie.sees', true) = 'everything' AS anon_3))
    """,
    """
alter table "limits" enable row level security
    """,
    """
create policy as_service on "limits" using ((SELECT current_setting('xianjie.sees', true) =
'service' AS anon_1)) with check ((SELECT current_setting('xianjie.sees', true) = 'service' AS
anon_1))
    """,
    """
create policy seen on "limits" for select using ((SELECT current_setting('xianjie.sees', true) =
'organ' AS anon_1) AND (SELECT true AS anon_2 FROM case_access WHERE case_access.case_id =
"limits"."case_id" AND case_access.organ IN ((SELECT current_setting('xianjie.organ', true) AS
current_setting_1), '*') AND string_to_array(case_access.levels, ',') && CAST((SELECT
string_to_array(current_setting('xianjie.levels', true), ',') AS string_to_array_1) AS TEXT[])
AND (case_access.until IS NULL OR case_access.until >= (SELECT
CAST(nullif(current_setting('xianjie.today', true), '') AS DATE) AS nullif_1)) LIMIT 1) OR
(SELECT current_setting('xianjie.sees', true) = 'everything' AS anon_3))
    """,
    """
alter table "work" enable row level security
    """,
    """
create policy as_service on "work" using ((SELECT current_setting('xianjie.sees', true) =
'service' AS anon_1)) with check ((SELECT current_setting('xianjie.sees', true) = 'service' AS
anon_1))
    """,
    """
create policy seen on "work" for select using ((SELECT current_setting('xianjie.sees', true) =
'organ' AS anon_1) AND (SELECT true AS anon_2 FROM case_access WHERE case_access.case_id =
"work"."case_id" AND case_access.organ IN ((SELECT current_setting('xianjie.organ', true) AS
current_setting_1), '*') AND string_to_array(case_access.levels, ',') && CAST((SELECT
string_to_array(current_setting('xianjie.levels', true), ',') AS string_to_array_1) AS TEXT[])
AND (case_access.until IS NULL OR case_access.until >= (SELECT
CAST(nullif(current_setting('xianjie.today', true), '') AS DATE) AS nullif_1)) LIMIT 1) OR
(SELECT current_setting('xianjie.sees', true) = 'everything' AS anon_3))
    """,
    """
alter table "acts" enable row level security
    """,
    """
create policy as_service on "acts" using ((SELECT current_setting('xianjie.sees', true) =
'service' AS anon_1)) with check ((SELECT current_setting('xianjie.sees', true) = 'service' AS
anon_1))
    """,
    """
create policy seen on "acts" for select using ((SELECT current_setting('xianjie.sees', true) =
'organ' AS anon_1) AND (SELECT true AS anon_2 FROM case_access WHERE case_access.case_id =
"acts"."case_id" AND case_access.organ IN ((SELECT current_setting('xianjie.organ', true) AS
current_setting_1), '*') AND string_to_array(case_access.levels, ',') && CAST((SELECT
string_to_array(current_setting('xianjie.levels', true), ',') AS string_to_array_1) AS TEXT[])
AND (case_access.until IS NULL OR case_access.until >= (SELECT
CAST(nullif(current_setting('xianjie.today', true), '') AS DATE) AS nullif_1)) LIMIT 1) OR
(SELECT current_setting('xianjie.sees', true) = 'everything' AS anon_3))
    """,
    """
alter table "case_parties" enable row level security
    """,
    """
create policy as_service on "case_parties" using ((SELECT current_setting('xianjie.sees', true)
= 'service' AS anon_1)) with check ((SELECT current_setting('xianjie.sees', true) = 'service' AS
anon_1))
    """,
    """
create policy seen on "case_parties" for select using ((SELECT current_setting('xianjie.sees',
true) = 'organ' AS anon_1) AND (SELECT true AS anon_2 FROM case_access WHERE case_access.case_id
= "case_parties"."case_id" AND case_access.organ IN ((SELECT current_setting('xianjie.organ',
true) AS current_setting_1), '*') AND string_to_array(case_access.levels, ',') && CAST((SELECT
array((SELECT each FROM unnest(string_to_array(current_setting('xianjie.levels', true), ',')) AS
each WHERE each IN ('court', 'holder', 'member', 'party', 'supervisor'))) AS array_1) AS TEXT[])
AND (case_access.until IS NULL OR case_access.until >= (SELECT
CAST(nullif(current_setting('xianjie.today', true), '') AS DATE) AS nullif_1)) LIMIT 1))
    """,
    """
alter table "findings" enable row level security
    """,
    """
create policy as_service on "findings" using ((SELECT current_setting('xianjie.sees', true) =
'service' AS anon_1)) with check ((SELECT current_setting('xianjie.sees', true) = 'service' AS
anon_1))
    """,
    """
create policy seen on "findings" for select using ((SELECT current_setting('xianjie.sees', true)
= 'organ' AS anon_1) AND (SELECT true AS anon_2 FROM case_access WHERE case_access.case_id =
"findings"."case_id" AND case_access.organ IN ((SELECT current_setting('xianjie.organ', true) AS
current_setting_1), '*') AND string_to_array(case_access.levels, ',') && CAST((SELECT
array((SELECT each FROM unnest(string_to_array(current_setting('xianjie.levels', true), ',')) AS
each WHERE each IN ('court', 'holder', 'supervisor'))) AS array_1) AS TEXT[]) AND
(case_access.until IS NULL OR case_access.until >= (SELECT
CAST(nullif(current_setting('xianjie.today', true), '') AS DATE) AS nullif_1)) LIMIT 1) OR
(SELECT current_setting('xianjie.sees', true) = 'organ' AS anon_1) AND "findings"."organ" =
(SELECT current_setting('xianjie.organ', true) AS current_setting_2) AND (SELECT true AS anon_2
FROM case_access WHERE case_access.case_id = "findings"."case_id" AND case_access.organ IN
((SELECT current_setting('xianjie.organ', true) AS current_setting_3), '*') AND
string_to_array(case_access.levels, ',') && CAST((SELECT array((SELECT each FROM
unnest(string_to_array(current_setting('xianjie.levels', true), ',')) AS each WHERE each IN
('court', 'holder', 'member', 'party', 'supervisor'))) AS array_2) AS TEXT[]) AND
(case_access.until IS NULL OR case_access.until >= (SELECT
CAST(nullif(current_setting('xianjie.today', true), '') AS DATE) AS nullif_2)) LIMIT 1))
    """,
    """
alter table "penalties" enable row level security
    """,
    """
create policy as_service on "penalties" using ((SELECT current_setting('xianjie.sees', true) =
'service' AS anon_1)) with check ((SELECT current_setting('xianjie.sees', true) = 'service' AS
anon_1))
    """,
    """
create policy seen on "penalties" for select using ((SELECT current_setting('xianjie.sees',
true) = 'organ' AS anon_1) AND (SELECT true AS anon_2 FROM case_access WHERE case_access.case_id
= "penalties"."case_id" AND case_access.organ IN ((SELECT current_setting('xianjie.organ', true)
AS current_setting_1), '*') AND string_to_array(case_access.levels, ',') && CAST((SELECT
array((SELECT each FROM unnest(string_to_array(current_setting('xianjie.levels', true), ',')) AS
each WHERE each IN ('court', 'holder', 'supervisor'))) AS array_1) AS TEXT[]) AND
(case_access.until IS NULL OR case_access.until >= (SELECT
CAST(nullif(current_setting('xianjie.today', true), '') AS DATE) AS nullif_1)) LIMIT 1) OR
(SELECT current_setting('xianjie.sees', true) = 'organ' AS anon_1) AND "penalties"."organ" =
(SELECT current_setting('xianjie.organ', true) AS current_setting_2) AND (SELECT true AS anon_2
FROM case_access WHERE case_access.case_id = "penalties"."case_id" AND case_access.organ IN
((SELECT current_setting('xianjie.organ', true) AS current_setting_3), '*') AND
string_to_array(case_access.levels, ',') && CAST((SELECT array((SELECT each FROM
unnest(string_to_array(current_setting('xianjie.levels', true), ',')) AS each WHERE each IN
('court', 'holder', 'member', 'party', 'supervisor'))) AS array_2) AS TEXT[]) AND
(case_access.until IS NULL OR case_access.until >= (SELECT
CAST(nullif(current_setting('xianjie.today', true), '') AS DATE) AS nullif_2)) LIMIT 1))
    """,
    """
alter table "numbers" enable row level security
    """,
    """
create policy as_service on "numbers" using ((SELECT current_setting('xianjie.sees', true) =
'service' AS anon_1)) with check ((SELECT current_setting('xianjie.sees', true) = 'service' AS
anon_1))
    """,
    """
create policy seen on "numbers" for select using ((SELECT current_setting('xianjie.sees', true)
= 'organ' AS anon_1) AND "numbers"."organ" = (SELECT current_setting('xianjie.organ', true) AS
current_setting_1))
    """,
    """
alter table "register" enable row level security
    """,
    """
create policy as_service on "register" using ((SELECT current_setting('xianjie.sees', true) =
'service' AS anon_1)) with check ((SELECT current_setting('xianjie.sees', true) = 'service' AS
anon_1))
    """,
    """
create policy seen on "register" for select using ((SELECT current_setting('xianjie.sees', true)
= 'organ' AS anon_1) AND "register"."organ" = (SELECT current_setting('xianjie.organ', true) AS
current_setting_1))
    """,
    """
alter table "case_access" enable row level security
    """,
    """
create policy as_service on "case_access" using ((SELECT current_setting('xianjie.sees', true) =
'service' AS anon_1)) with check ((SELECT current_setting('xianjie.sees', true) = 'service' AS
anon_1))
    """,
    """
create policy seen on "case_access" for select using ((SELECT current_setting('xianjie.sees',
true) = 'organ' AS anon_1) AND "case_access"."organ" IN ((SELECT
current_setting('xianjie.organ', true) AS current_setting_1), '*') OR (SELECT
current_setting('xianjie.sees', true) = 'everything' AS anon_2))
    """,
    """
alter table "snapshots" enable row level security
    """,
    """
create policy as_service on "snapshots" using ((SELECT current_setting('xianjie.sees', true) =
'service' AS anon_1)) with check ((SELECT current_setting('xianjie.sees', true) = 'service' AS
anon_1))
    """,
    """
create policy seen on "snapshots" for select using ((SELECT current_setting('xianjie.sees',
true) = 'organ' AS anon_1) AND split_part("snapshots"."stream", '/', 1) = 'numbers' AND
split_part("snapshots"."stream", '/', 2) = (SELECT current_setting('xianjie.organ', true) AS
current_setting_1) OR (SELECT current_setting('xianjie.sees', true) = 'organ' AS anon_1) AND
(SELECT true AS anon_2 FROM case_access WHERE case_access.case_id = CASE WHEN
starts_with("snapshots"."stream", 'case/') THEN CAST(substr("snapshots"."stream", 6) AS UUID)
END AND case_access.organ IN ((SELECT current_setting('xianjie.organ', true) AS
current_setting_2), '*') AND string_to_array(case_access.levels, ',') && CAST((SELECT
string_to_array(current_setting('xianjie.levels', true), ',') AS string_to_array_1) AS TEXT[])
AND (case_access.until IS NULL OR case_access.until >= (SELECT
CAST(nullif(current_setting('xianjie.today', true), '') AS DATE) AS nullif_1)) LIMIT 1) OR
(SELECT current_setting('xianjie.sees', true) = 'everything' AS anon_3))
    """,
    """
alter table "events" enable row level security
    """,
    """
create policy as_service on "events" using ((SELECT current_setting('xianjie.sees', true) =
'service' AS anon_1)) with check ((SELECT current_setting('xianjie.sees', true) = 'service' AS
anon_1))
    """,
    """
create policy seen on "events" for select using ((SELECT current_setting('xianjie.sees', true) =
'organ' AS anon_1) AND split_part("events"."stream", '/', 1) = 'numbers' AND
split_part("events"."stream", '/', 2) = (SELECT current_setting('xianjie.organ', true) AS
current_setting_1) OR (SELECT current_setting('xianjie.sees', true) = 'organ' AS anon_1) AND
(SELECT true AS anon_2 FROM case_access WHERE case_access.case_id = CASE WHEN
starts_with("events"."stream", 'case/') THEN CAST(substr("events"."stream", 6) AS UUID) END AND
case_access.organ IN ((SELECT current_setting('xianjie.organ', true) AS current_setting_2), '*')
AND string_to_array(case_access.levels, ',') && CAST((SELECT
string_to_array(current_setting('xianjie.levels', true), ',') AS string_to_array_1) AS TEXT[])
AND (case_access.until IS NULL OR case_access.until >= (SELECT
CAST(nullif(current_setting('xianjie.today', true), '') AS DATE) AS nullif_1)) LIMIT 1) OR
(SELECT current_setting('xianjie.sees', true) = 'everything' AS anon_3))
    """,
    """
alter table "contents" enable row level security
    """,
    """
create policy as_service on "contents" using ((SELECT current_setting('xianjie.sees', true) =
'service' AS anon_1)) with check ((SELECT current_setting('xianjie.sees', true) = 'service' AS
anon_1))
    """,
    """
create policy seen on "contents" for select using ((SELECT current_setting('xianjie.sees', true)
= 'organ' AS anon_1) AND split_part("contents"."stream", '/', 1) = 'numbers' AND
split_part("contents"."stream", '/', 2) = (SELECT current_setting('xianjie.organ', true) AS
current_setting_1) OR (SELECT current_setting('xianjie.sees', true) = 'organ' AS anon_1) AND
(SELECT true AS anon_2 FROM case_access WHERE case_access.case_id = CASE WHEN
starts_with("contents"."stream", 'case/') THEN CAST(substr("contents"."stream", 6) AS UUID) END
AND case_access.organ IN ((SELECT current_setting('xianjie.organ', true) AS current_setting_2),
'*') AND string_to_array(case_access.levels, ',') && CAST((SELECT array((SELECT each FROM
unnest(string_to_array(current_setting('xianjie.levels', true), ',')) AS each WHERE each IN
('court', 'holder', 'member', 'party', 'supervisor'))) AS array_1) AS TEXT[]) AND
(case_access.until IS NULL OR case_access.until >= (SELECT
CAST(nullif(current_setting('xianjie.today', true), '') AS DATE) AS nullif_1)) LIMIT 1))
    """,
    """
alter table "content_keys" enable row level security
    """,
    """
create policy as_service on "content_keys" using ((SELECT current_setting('xianjie.sees', true)
= 'service' AS anon_1)) with check ((SELECT current_setting('xianjie.sees', true) = 'service' AS
anon_1))
    """,
    """
create policy seen on "content_keys" for select using ((SELECT current_setting('xianjie.sees',
true) = 'organ' AS anon_1))
    """,
    """
alter table "applied_calendar" enable row level security
    """,
    """
create policy as_service on "applied_calendar" using ((SELECT current_setting('xianjie.sees',
true) = 'service' AS anon_1)) with check ((SELECT current_setting('xianjie.sees', true) =
'service' AS anon_1))
    """,
    """
alter table "requests" enable row level security
    """,
    """
create policy as_service on "requests" using ((SELECT current_setting('xianjie.sees', true) =
'service' AS anon_1)) with check ((SELECT current_setting('xianjie.sees', true) = 'service' AS
anon_1))
    """,
    """
alter table "outbox" enable row level security
    """,
    """
create policy as_service on "outbox" using ((SELECT current_setting('xianjie.sees', true) =
'service' AS anon_1)) with check ((SELECT current_setting('xianjie.sees', true) = 'service' AS
anon_1))
    """,
    """
alter table "log" enable row level security
    """,
    """
create policy as_service on "log" using ((SELECT current_setting('xianjie.sees', true) =
'service' AS anon_1)) with check ((SELECT current_setting('xianjie.sees', true) = 'service' AS
anon_1))
    """,
    """
alter table "log_identity" enable row level security
    """,
    """
create policy as_service on "log_identity" using ((SELECT current_setting('xianjie.sees', true)
= 'service' AS anon_1)) with check ((SELECT current_setting('xianjie.sees', true) = 'service' AS
anon_1))
    """,
    """
alter table "consumed" enable row level security
    """,
    """
create policy as_service on "consumed" using ((SELECT current_setting('xianjie.sees', true) =
'service' AS anon_1)) with check ((SELECT current_setting('xianjie.sees', true) = 'service' AS
anon_1))
    """,
    """
alter table "parked" enable row level security
    """,
    """
create policy as_service on "parked" using ((SELECT current_setting('xianjie.sees', true) =
'service' AS anon_1)) with check ((SELECT current_setting('xianjie.sees', true) = 'service' AS
anon_1))
    """,
    """
alter table "accesses" enable row level security
    """,
    """
create policy as_service on "accesses" using ((SELECT current_setting('xianjie.sees', true) =
'service' AS anon_1)) with check ((SELECT current_setting('xianjie.sees', true) = 'service' AS
anon_1))
    """,
    """
alter table "access_outbox" enable row level security
    """,
    """
create policy as_service on "access_outbox" using ((SELECT current_setting('xianjie.sees', true)
= 'service' AS anon_1)) with check ((SELECT current_setting('xianjie.sees', true) = 'service' AS
anon_1))
    """,
    """
alter table "access_log" enable row level security
    """,
    """
create policy as_service on "access_log" using ((SELECT current_setting('xianjie.sees', true) =
'service' AS anon_1)) with check ((SELECT current_setting('xianjie.sees', true) = 'service' AS
anon_1))
    """,
    """
alter table "bus_positions" enable row level security
    """,
    """
create policy as_service on "bus_positions" using ((SELECT current_setting('xianjie.sees', true)
= 'service' AS anon_1)) with check ((SELECT current_setting('xianjie.sees', true) = 'service' AS
anon_1))
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
