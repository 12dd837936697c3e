/** The API's one entrance: the router that browsers, CLI and SDKs call, and its type. */
import { router } from './context.ts';
import { personRouter } from './person.ts';
import { sessionRouter } from './session.ts';
import { terminalRouter } from './terminal.ts';

export type { Context, Services, Topics } from './context.ts';

export const appRouter = router({ session: sessionRouter, terminal: terminalRouter, person: personRouter });
export type AppRouter = typeof appRouter;
