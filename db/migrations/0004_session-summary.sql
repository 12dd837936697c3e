ALTER TABLE "sessions" ALTER COLUMN "view" SET DATA TYPE json;--> statement-breakpoint
ALTER TABLE "sessions" ADD COLUMN "summary" json;