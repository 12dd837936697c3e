CREATE TABLE "secrets" (
	"name" text PRIMARY KEY NOT NULL,
	"origin" text NOT NULL,
	"path_prefix" text NOT NULL,
	"use" text NOT NULL,
	"use_name" text,
	"methods" text[],
	"sealed_value" "bytea" NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL,
	"last_used_at" timestamp (3) with time zone,
	"use_count" bigint NOT NULL
);
