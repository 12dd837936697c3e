/** The web's entrance: HTTP requests and WebSocket upgrades, checked before anything else sees them. */
export { checkJsonShape, maxBodyBytes, parseJson, readBody, sendError } from './body.ts';
export { createCookieJar } from './cookie.ts';
export { createHandler } from './handler.ts';
export { createOrigins } from './origin.ts';
export { createUpgrades } from './upgrade.ts';
