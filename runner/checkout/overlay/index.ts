/** Public face of overlay checkouts. */
export { ensureBase } from './base.ts';
export { type Mounter, mountNamespace, systemMounter } from './mounter.ts';
export { OverlayCheckouts, readGitSource } from './overlay-checkout.ts';
export { chooseMethod } from './probe.ts';
export { reapBases } from './reaper.ts';
export { holdSession, toOverlayCheckout } from './session.ts';
export { checkoutView, mounted, mountScript, viewCommand, waitingCommand } from './view.ts';
