/** The API's one entrance: how the server serves it, and the type by which clients know it. */
export type { Services, Topics } from './context.ts';

export type { AppRouter } from './router.ts';
export { createTrpc } from './serve.ts';
