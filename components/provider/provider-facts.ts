/** What is said of providers of models, which of them an agent lacks, and where refusals belong. Pure. */
import type { ProviderFacts } from '#components/api/api.ts';
import type { Failure } from '#components/api/failure.ts';
import { capitalise } from '#components/ui/format.ts';

export type ProviderName = ProviderFacts['name'];

export const providerTitles: Record<ProviderName, string> = { anthropic: 'Anthropic', openai: 'OpenAI' };

/** Shown where no address is set. */
export const usualUrls: Record<ProviderName, string> = {
  anthropic: 'https://api.anthropic.com',
  openai: 'https://api.openai.com/v1',
};

/** Where a provider's key comes from. */
export function sourceWords({ name, source }: Pick<ProviderFacts, 'name' | 'source'>): string {
  switch (source) {
    case null:
      return 'No key';
    case 'stored':
      return 'Key stored here, encrypted';
    case 'environment':
      return `Key from ${name.toUpperCase()}_API_KEY, given when the server was started`;
  }
}

/** Why an agent has no model to ask. */
export interface Lack {
  /** Null: any provider would do, and there is none. */
  provider: ProviderName | null;
  /** What is wrong with the key that there is; null: there is none. */
  problem: string | null;
}

/** Null when an agent whose models come from `provider` can work; null as provider: it is not known which it needs. */
export function lackOf(provider: ProviderName | null, providers: readonly ProviderFacts[]): Lack | null {
  if (provider === null) {
    const isUsable = providers.some(({ hasKey, problem }) => hasKey && problem === null);
    return isUsable ? null : { provider, problem: null };
  }
  const facts = providers.find(({ name }) => name === provider);
  if (!facts || (facts.hasKey && facts.problem === null)) return null;
  return { provider, problem: facts.problem };
}

export type ProviderField = 'key' | 'baseUrl' | 'form';
export type Problems = Partial<Record<ProviderField, string>>;

const fieldOf: Record<string, ProviderField> = { key: 'key', baseurl: 'baseUrl' };

/** At which field each part of the server's refusal belongs; without the field's name in front. */
export function problemsOf({ message }: Pick<Failure, 'message'>): Problems {
  const problems: Problems = {};
  for (const part of message.split(/; (?=\w+: )/)) {
    const [, named = '', words = part] = /^(\w+): (.*)$/s.exec(part) ?? [];
    const field = fieldOf[named.toLowerCase()];
    if (field) problems[field] ??= capitalise(words);
    else problems.form ??= part;
  }
  return problems;
}
