/** The web's entrance: HTTP requests and WebSocket upgrades, checked before anything else sees them. */
export { internalError, parseJson, readBody } from './body.ts';
export { createCookieJar } from './cookie.ts';
export { expected } from './expected.ts';
export { askedFrom, type Caller, RequestHandler } from './handler.ts';
export { createOrigins } from './origin.ts';
export { type RateLimit, TokenBucket } from './rate.ts';
export { answerClientError } from './refusal.ts';
export { routes, socketPaths } from './route.ts';
export type { ServerSocket } from './socket.ts';
export { Upgrades } from './upgrade.ts';
