/** Where model calls go: a provider's address and key. Keys stay in this process and are never returned to anybody. */
import type { ProviderName } from '#protocol/provider.ts';

export interface Address {
  name: ProviderName;
  /** Without a slash at the end; the API's path is put behind it. */
  baseUrl: string;
}

export interface Provider extends Address {
  key: string;
}

/** Address and key of each provider as somebody gave them. */
export type ProviderSettings = Record<ProviderName, { baseUrl: string | null; key: string | null }>;

/** Whether calls can go to a provider now. `problem` says what is wrong with its key and what to do. */
export type ProviderState =
  | { kind: 'ready'; provider: Provider }
  | { kind: 'missing'; address: Address }
  | { kind: 'unusable'; problem: string };

const defaultUrls: Record<ProviderName, string> = {
  anthropic: 'https://api.anthropic.com',
  openai: 'https://api.openai.com',
};

const variable: Record<ProviderName, string> = { anthropic: 'ANTHROPIC_API_KEY', openai: 'OPENAI_API_KEY' };

/** Where people enter keys, below the server's own `url`. */
const settingsPage = (url: string): string => `${url}/settings`;

/** What a person does where a key is missing. */
export const missingKey = (name: ProviderName, url: string): string =>
  `Omnigent has no key for ${name}: enter one on ${settingsPage(url)}, start the server with ${variable[name]}, or run the demo (npm run demo)`;

/** What a person does where the key is there and no use. `problem` says why. */
export const unusableKey = (name: ProviderName, problem: string, url: string): string =>
  `Omnigent has no usable key for ${name}, ${problem}: see ${settingsPage(url)}`;

/** What a person does where the provider does not take the key. `said`: in its own words. */
export const refusedKey = (name: ProviderName, said: string, url: string): string =>
  `${name} refuses the key that Omnigent has (${said}): enter another one on ${settingsPage(url)}`;

/** OpenAI's clients are used to an address that ends in /v1; the path brings its own. */
const withoutVersion = (url: string): string => url.replace(/\/+$/, '').replace(/\/v1$/, '');

/** Where a provider is; without a given address at its own. */
export const addressOf = (name: ProviderName, baseUrl: string | null): Address => ({
  name,
  baseUrl: withoutVersion(baseUrl ?? defaultUrls[name]),
});
