/** Settings of drizzle-kit, which writes db/migrations from db/schema: `npx drizzle-kit generate --name what-changed`. */
import { defineConfig } from 'drizzle-kit';

export default defineConfig({ dialect: 'postgresql', schema: './db/schema', out: './db/migrations' });
