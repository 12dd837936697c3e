/** The router that browsers, CLI and SDKs call: one branch per noun. */
import { approvalRouter } from './approval.ts';
import { auditRouter } from './audit.ts';
import { router } from './context.ts';
import { harnessRouter } from './harness.ts';
import { notifyRouter } from './notify.ts';
import { personRouter } from './person.ts';
import { policyRouter } from './policy.ts';
import { providerRouter } from './provider.ts';
import { secretRouter } from './secret.ts';
import { sessionRouter } from './session.ts';
import { terminalRouter } from './terminal.ts';
import { turnRouter } from './turn.ts';

export const appRouter = router({
  session: sessionRouter,
  turn: turnRouter,
  harness: harnessRouter,
  terminal: terminalRouter,
  person: personRouter,
  provider: providerRouter,
  secret: secretRouter,
  approval: approvalRouter,
  policy: policyRouter,
  audit: auditRouter,
  notify: notifyRouter,
});
export type AppRouter = typeof appRouter;
