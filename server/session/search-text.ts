/** What can be found of an event, and the words a text or a query consists of. Pure. */
import type { SessionEvent } from '#protocol/event.ts';

const maxTextLength = 2_000;
const maxWordLength = 100;

/** The readable text of an event, as a search result shows it; null when it has none. */
export function eventText(event: SessionEvent): string | null {
  const text = parts(event)
    .filter((part) => part !== null && part !== '')
    .join(' · ');
  return text === '' ? null : text.slice(0, maxTextLength).replace(/\p{Surrogate}/gu, '');
}

function parts(event: SessionEvent): (string | null)[] {
  switch (event.type) {
    case 'session.created':
      return [event.payload.name, event.payload.source, event.payload.branch];
    case 'session.failed':
    case 'session.paused':
    case 'session.interrupted':
    case 'runner.lost':
    case 'turn.completed':
      return [event.payload.reason];
    case 'runner.connected':
      return [event.payload.warning];
    case 'checkout.created':
      return [event.payload.branch, ...event.payload.notes];
    case 'terminal.opened':
      return [event.payload.name, event.payload.command?.join(' ') ?? null];
    case 'terminal.closed':
      return [event.payload.reason];
    case 'member.joined':
    case 'person.created':
      return [event.payload.name];
    case 'provider.set':
    case 'provider.removed':
    case 'secret.set':
    case 'secret.rotated':
    case 'secret.removed':
    case 'secret.resealed':
    case 'credential.used':
      return secretParts(event);
    case 'usage.recorded':
      return [event.payload.agent, event.payload.model];
    case 'agent.added':
    case 'agent.changed':
      return [event.payload.agent, event.payload.harness, event.payload.model];
    case 'turn.queued':
    case 'turn.begun':
    case 'turn.steered':
      return event.type === 'turn.steered' ? [event.payload.text] : [event.payload.agent, event.payload.prompt];
    case 'item.completed':
      return [event.payload.title, event.payload.text];
    case 'action.requested':
      return [event.payload.tool, event.payload.command, ...event.payload.paths];
    case 'action.judged':
      return event.payload.reasons;
    case 'policy.set':
    case 'policy.changed':
      return [event.type === 'policy.set' ? event.payload.file : event.payload.level];
    case 'file.changed':
      return [event.payload.path];
    case 'effect.surprised':
      return event.payload.paths.map(({ path }) => path);
    case 'egress.counted':
      return [event.payload.agent, ...event.payload.hosts.map(({ host }) => host)];
    case 'approval.requested':
    case 'approval.decided':
    case 'approval.shown':
    case 'approval.voted':
    case 'approval.settled':
    case 'approval.escalated':
    case 'approval.overdue':
    case 'approval.delivered':
    case 'approval.expired':
    case 'approval.withdrawn':
    case 'approval.revoked':
      return approvalParts(event);
    case 'turn.moved':
    case 'turn.withdrawn':
    case 'turn.started':
    case 'item.started':
    case 'action.acted':
    case 'session.resumed':
    case 'session.ended':
    case 'driver.changed':
    case 'driver.refused':
    case 'person.signed-in':
      return [];
    default:
      return event satisfies never;
  }
}

type SecretEvent = Extract<SessionEvent, { type: `provider.${string}` | `secret.${string}` | 'credential.used' }>;

function secretParts(event: SecretEvent): string[] {
  switch (event.type) {
    case 'provider.set':
    case 'provider.removed':
      return [event.payload.provider];
    case 'secret.set':
    case 'secret.rotated':
      return [event.payload.name, event.payload.origin];
    case 'secret.removed':
      return [event.payload.name];
    case 'secret.resealed':
      return [];
    case 'credential.used':
      return [event.payload.name, event.payload.host, event.payload.agent];
  }
}

function approvalParts(event: SessionEvent & { type: `approval.${string}` }): (string | null)[] {
  switch (event.type) {
    case 'approval.requested':
      return [event.payload.command, ...event.payload.paths];
    case 'approval.decided':
      return [event.payload.note, event.payload.edit];
    default:
      return [];
  }
}

/** Runs of letters, marks and digits, lower case, each once. Paths and identifiers fall into their parts. */
export function wordsOf(text: string): string[] {
  const runs =
    text
      .normalize('NFKC')
      .toLowerCase()
      .match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];
  return [...new Set(runs.map((run) => [...run].slice(0, maxWordLength).join('')))];
}
