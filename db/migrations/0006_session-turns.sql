UPDATE "sessions"
SET "view" = jsonb_set("view"::jsonb, '{turns}', '{"agents":[],"turn":null,"queue":[],"actions":[],"lastTurn":null}'::jsonb)::json,
  "summary" = jsonb_set("summary"::jsonb, '{turns}', '{"agents":[],"turn":null,"queue":[],"actions":[],"lastTurn":null}'::jsonb)::json
WHERE "view" IS NOT NULL AND "view"::jsonb -> 'turns' IS NULL;
