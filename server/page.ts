/** Next.js behind our own server: it renders pages and serves their files, nothing else. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import next from 'next';

export interface Pages {
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
  close(): Promise<void>;
}

/** `root` holds app/ and, in production, .next/. */
export async function openPages(options: { root: string; isDev: boolean }): Promise<Pages> {
  process.env.NEXT_TELEMETRY_DISABLED = '1';
  const app = next({ dev: options.isDev, dir: options.root });
  await app.prepare();
  const handle = app.getRequestHandler();
  return { handle: (request, response) => handle(request, response), close: () => app.close() };
}
