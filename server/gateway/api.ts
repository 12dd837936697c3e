/** The model APIs that the gateway speaks: their paths, how a provider is proved to, and what an error looks like. */
import type { ProviderName } from '#protocol/provider.ts';
import type { ApiName } from './usage.ts';

export interface Api {
  name: ApiName;
  provider: ProviderName;
  /** False for calls that cost nothing, e.g. counting tokens. */
  isMetered: boolean;
}

const apis: Record<string, Api> = {
  '/v1/messages': { name: 'anthropic', provider: 'anthropic', isMetered: true },
  '/v1/messages/count_tokens': { name: 'anthropic', provider: 'anthropic', isMetered: false },
  '/v1/responses': { name: 'responses', provider: 'openai', isMetered: true },
  '/v1/chat/completions': { name: 'chat', provider: 'openai', isMetered: true },
};

/** The API behind a path without its query; null for a path that is none. */
export const apiOf = (path: string): Api | null => apis[path] ?? null;

/** Headers that prove us to a provider. */
export const authHeaders = (provider: ProviderName, key: string): Record<string, string> =>
  provider === 'anthropic' ? { 'x-api-key': key } : { authorization: `Bearer ${key}` };

const anthropicTypes: Record<number, string> = {
  400: 'invalid_request_error',
  404: 'not_found_error',
  413: 'request_too_large',
  502: 'api_error',
};

/**
 * An error in the shape that clients of this API print. 400 rather than 401 or 403 for what a person has to mend: CLIs put
 * their own "not logged in" before those, and retry 5xx.
 */
export function errorBody(name: ApiName, status: number, message: string): unknown {
  if (name === 'anthropic') return { type: 'error', error: { type: anthropicTypes[status] ?? 'api_error', message } };
  return {
    error: { message, type: status >= 500 ? 'server_error' : 'invalid_request_error', param: null, code: null },
  };
}
