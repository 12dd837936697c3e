/**
 * Credential routes as programs see them: which requests to the agent port mean one, and what git, npm and others have to be
 * told so that theirs do. The secrets themselves stay with the server. Pure.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { CredentialRoute } from '#protocol/secret.ts';

/** Below it the agent port has the routes, each by its name. */
const routesPath = '/_credential/';
/** Separates an agent's token from the name of a route. */
const routeMark = '.';

/** How the server is asked for what a program wants of a route. */
export interface CredentialCall {
  /** Path of the server's gateway, with the query. */
  path: string;
  /** What the program put before the upstream's path. */
  base: string;
}

/**
 * The token that a program shows: in our own header, as bearer, as API key or as password. One that is followed by the name of a
 * route (`agk_….npm`) means that route with whatever path: npm takes a registry by its host alone.
 */
export function shownToken(headers: IncomingHttpHeaders): { token: string; route: string | null } | null {
  const { authorization = '', 'x-omnigent-token': own, 'x-api-key': key } = headers;
  const [, scheme = '', given = ''] = /^(Bearer|Basic) (\S+)$/i.exec(authorization) ?? [];
  const proof = scheme.toLowerCase() === 'basic' ? passwordOf(given) : given;
  const shown = own ?? (proof || key);
  if (typeof shown !== 'string') return null;
  const [token = '', route = null] = shown.split(routeMark, 2);
  return { token, route };
}

const passwordOf = (basic: string): string =>
  Buffer.from(basic, 'base64').toString('utf8').split(':').slice(1).join(':');

/** Null for a request that means no credential route. `route`: the one that its token names. */
export function credentialCall(url: string, route: string | null): CredentialCall | null {
  if (route !== null) return { path: `/gateway/credentials/${encodeURIComponent(route)}${url}`, base: '' };
  if (!url.startsWith(routesPath)) return null;
  const [, name = ''] = /^\/_credential\/([^/?]*)/.exec(url) ?? [];
  return { path: `/gateway/credentials/${url.slice(routesPath.length)}`, base: `${routesPath}${name}` };
}

/** Where programs find a route, without a slash at the end. */
const routeUrl = (portUrl: string, { name }: CredentialRoute): string => `${portUrl}${routesPath}${name}`;

const withoutSlash = (text: string): string => text.replace(/\/$/, '');

/**
 * Variables by which programs of one agent use the routes. npm's win over a project's own settings; its token is in a file
 * (`npmSettings`), because shells drop variables with such names. `portUrl`: the agent port, without a slash at the end. `token`: the agent's. git reaches what a route is for
 * by its usual address; for everything else `OMNIGENT_CREDENTIAL_<NAME>_URL` says where it is, and `OMNIGENT_CREDENTIAL_TOKEN`
 * what to show there, as bearer or password.
 */
export function credentialEnvironment(
  routes: readonly CredentialRoute[],
  portUrl: string,
  token: string,
): Record<string, string> {
  if (routes.length === 0) return {};
  const named = routes.map((route): [string, string] => [
    `OMNIGENT_CREDENTIAL_${route.name.toUpperCase().replaceAll('-', '_')}_URL`,
    withoutSlash(`${routeUrl(portUrl, route)}${route.pathPrefix}`),
  ]);
  return {
    ...gitEnvironment(routes, portUrl, token),
    ...npmEnvironment(routes, portUrl),
    ...Object.fromEntries(named),
    OMNIGENT_CREDENTIAL_TOKEN: token,
  };
}

/** git's configuration by variables. A wrong password is refused in words: there is nobody to type another. */
function gitEnvironment(routes: readonly CredentialRoute[], portUrl: string, token: string): Record<string, string> {
  const settings = routes
    .filter(({ use }) => use === 'basic' || use === 'bearer')
    .map((route): [string, string] => [
      `url.${routeUrl(portUrl, route)}${route.pathPrefix}.insteadOf`,
      `${route.origin}${route.pathPrefix}`,
    ]);
  if (settings.length === 0) return {};
  // As `Authorization` it stays behind where a redirect leads to another host, and traces leave it out.
  settings.push([`http.${portUrl}${routesPath}.extraHeader`, `Authorization: Bearer ${token}`]);
  const entries = settings.flatMap(([key, value], n) => [
    [`GIT_CONFIG_KEY_${n}`, key],
    [`GIT_CONFIG_VALUE_${n}`, value],
  ]);
  return { ...Object.fromEntries(entries), GIT_CONFIG_COUNT: String(settings.length), GIT_TERMINAL_PROMPT: '0' };
}

const npmRoute = (routes: readonly CredentialRoute[]): CredentialRoute | undefined =>
  routes.find(({ use }) => use === 'npm');

/**
 * The registry is at the port's root: npm changes the host of a package's address and nothing else of it, so lock files keep
 * the registry's own addresses.
 */
function npmEnvironment(routes: readonly CredentialRoute[], portUrl: string): Record<string, string> {
  const route = npmRoute(routes);
  if (!route) return {};
  return {
    npm_config_registry: `${portUrl}${withoutSlash(route.pathPrefix)}/`,
    npm_config_replace_registry_host: new URL(route.origin).host,
  };
}

/** A line of an `.npmrc` with what npm shows at the port, which means the route whatever the path; '' without one. */
export function npmSettings(routes: readonly CredentialRoute[], portUrl: string, token: string): string {
  const route = npmRoute(routes);
  return route ? `//${new URL(portUrl).host}/:_authToken=${token}${routeMark}${route.name}\n` : '';
}
