/** The router that browsers, CLI and SDKs call: one branch per noun. */
import { router } from './context.ts';
import { personRouter } from './person.ts';
import { sessionRouter } from './session.ts';
import { terminalRouter } from './terminal.ts';

export const appRouter = router({ session: sessionRouter, terminal: terminalRouter, person: personRouter });
export type AppRouter = typeof appRouter;
