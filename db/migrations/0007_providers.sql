CREATE TABLE "providers" (
	"name" text PRIMARY KEY NOT NULL,
	"base_url" text,
	"sealed_key" "bytea" NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL
);
