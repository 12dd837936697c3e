/** Public face of overlay checkouts. */
export { ensureBase } from './base.ts';
export { type Mounter, mountNamespace, systemMounter } from './mounter.ts';
export { OverlayCheckouts, readGitSource } from './overlay-checkout.ts';
export { type ChosenMethod, chooseMethod } from './probe.ts';
export { reapBases } from './reaper.ts';
export { toOverlayCheckout } from './session.ts';
export { type CheckoutView, checkoutView, viewCommand } from './view.ts';
