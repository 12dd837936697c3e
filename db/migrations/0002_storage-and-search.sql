-- Every append updates its session's row: half-empty pages keep those updates off the indexes, early vacuum keeps them small.
ALTER TABLE "sessions" SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.01);
--> statement-breakpoint
-- The newest `want` items below `before` that hold every word of `query`, from at most `buckets` buckets.
CREATE FUNCTION search_newest(query tsquery, want int, before bigint, buckets int)
RETURNS TABLE (id bigint, session_id text, seq bigint, at timestamptz, body text)
LANGUAGE plpgsql STABLE
SET plan_cache_mode = force_custom_plan
AS $$
DECLARE
  bucket int := ((before - 1) >> 16)::int4;
  hits int := 0;
  batch int;
BEGIN
  FOR step IN 1 .. buckets LOOP
    EXIT WHEN bucket < 0 OR hits >= want;
    RETURN QUERY
      SELECT i.id, i.session_id, i.seq, i.at, i.body
      FROM search_items i
      WHERE ((i.id >> 16)::int4) = bucket AND i.words @@ query AND i.id < before
      ORDER BY i.id DESC
      LIMIT want - hits;
    GET DIAGNOSTICS batch = ROW_COUNT;
    hits := hits + batch;
    bucket := bucket - 1;
  END LOOP;
END $$;
