/** What an agent is given to reach the agent port. */
import type { ProviderName } from '#protocol/provider.ts';
import type { CredentialRoute } from '#protocol/secret.ts';

export interface AgentAccess {
  /** Where the model APIs are, without a slash at the end: `…/v1/messages` and so on are below it. */
  url: string;
  /**
   * Bearer token, API key, password or `x-omnigent-token` of this agent. In the last form the call's own `Authorization` goes along, for
   * a provider of which the server has no key.
   */
  token: string;
  /** What its commands may have: it works at credential routes and names them at the proxy, and makes no model call. */
  programToken: string;
  /** Whether the server has a key of this provider now; true when it does not answer. */
  hasKey: (provider: ProviderName) => Promise<boolean>;
  /** Credential routes that the server has now (see credential.ts); none when it does not answer. */
  credentialRoutes: () => Promise<CredentialRoute[]>;
  /** Answers what the agent's program posts, as JSON, to `<url>/_/<name>`; `signal` aborts when it does not wait any more. */
  onPost: (name: string, answer: (body: unknown, signal: AbortSignal) => Promise<object>) => void;
}
