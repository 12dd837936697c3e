/** Refused connections in words: whose they are, and what a person can do so that they are let through. Pure. */

/** In whose name a connection is made that no agent makes: a shell of a person, or a program that names nobody. */
export const shellAgent = 'shell';

/** Why a shell is told no where an agent would wait for a person. */
export const shellWords =
  'nobody is asked about the connections of a shell: allow it by a rule, or approve it once for an agent of this session';

/** What is added to a question, since a decision about a connection is about all further ones like it. */
export const lastingWords =
  'approved, it is allowed with this method to this host and port for the rest of the session';

/** Rules of the proxy itself, beside those of policies. */
export const egressRules = {
  /** No answer was there in time, or whoever asked did not wait for it. */
  undecided: 'egress.undecided',
  /** A person said so. */
  allowed: 'session.allowed',
  denied: 'session.denied',
  unresolved: 'egress.unresolved',
  unreachable: 'egress.unreachable',
  tooMany: 'egress.too-many',
} as const;

const fixed: Readonly<Record<string, string>> = {
  'workspace.allow_network_access': 'set workspace.allow_network_access to true in the workspace file',
  'default.private-address': 'only public addresses are reached from a session, whatever its rules say',
  'input.invalid': 'send CONNECT host:port, or a request with a whole http:// address',
  [egressRules.undecided]: 'try it again, and have somebody decide in the inbox',
  [egressRules.denied]: 'a person decided so; it is asked about again in the next turn',
  [egressRules.unresolved]: 'check how the name is spelled, and whether the machine of the runner can look it up',
  [egressRules.unreachable]: 'try it again when the host answers',
  [egressRules.tooMany]: 'close connections, or open fewer at once',
};

/** What to do about a refusal by `rule`; null where the rule is not about connections alone. */
export function adviceOn(rule: string): string | null {
  const names = [rule, rule.replace(/^(?:server|session)\./, '')];
  return names.flatMap((name) => (Object.hasOwn(fixed, name) ? (fixed[name] ?? []) : []))[0] ?? null;
}

/** The same where any rule may have refused it. */
export const adviceOnConnection = (rule: string): string =>
  adviceOn(rule) ?? `ask an owner of the session, or have ${rule} changed`;
