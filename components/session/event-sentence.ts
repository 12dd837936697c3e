/** One sentence for every type of event: who did what, and to what. Pure; knows no markup. */

import { signalName } from '#components/terminal/signal-name.ts';
import { formatCount, formatDuration, formatNoun } from '#components/ui/format.ts';
import type { Phrase } from '#components/ui/phrase.ts';
import { actionText } from '#protocol/action-text.ts';
import type { EventPayload, SessionEvent } from '#protocol/event.ts';
import { commandText } from './badge.ts';
import { fateClause } from './checkout-fate.ts';
import { egressPhrase } from './egress-sentence.ts';
import { type Names, unknownPerson } from './event-names.ts';
import { folderName } from './session-facts.ts';

/** What a line is about; the component picks the icon. */
export type LineSubject =
  | 'session'
  | 'runner'
  | 'checkout'
  | 'terminal'
  | 'driver'
  | 'person'
  | 'model'
  | 'agent'
  | 'action';

/** The words of one event. */
export interface Said {
  subject: LineSubject;
  text: Phrase;
  tone?: 'plain' | 'needs' | 'problem';
  /** Further facts, one sentence each. */
  notes?: readonly string[];
}

function driverText(payload: EventPayload<'driver.changed'>, names: Names): Phrase {
  const terminal = { code: names.terminals.get(payload.terminalId) ?? 'a terminal' };
  const driver = (payload.driver && names.people.get(payload.driver)) ?? unknownPerson;
  switch (payload.how) {
    case 'opened':
    case 'typed':
      return ['drives ', terminal];
    case 'taken':
      return ['took the wheel of ', terminal];
    case 'given':
      return [`handed the wheel of `, terminal, ` to ${driver}`];
    case 'released':
      return payload.driver === null ? ['nobody drives ', terminal, ' now'] : [`${driver} drives `, terminal];
  }
}

function closedText(payload: EventPayload<'terminal.closed'>, names: Names): Phrase {
  const name = { code: names.terminals.get(payload.terminalId) ?? 'a terminal' };
  if (payload.reason) return [name, ` closed, ${payload.reason}`];
  if (payload.signal) return [name, ` ended by ${signalName(payload.signal)}`];
  return [name, payload.exitCode === null ? ' closed' : ` exited ${payload.exitCode}`];
}

type AgentEvent = Extract<
  SessionEvent,
  { type: `agent.${string}` | `turn.${string}` | `item.${string}` | `action.${string}` | 'file.changed' }
>;

const said = (subject: LineSubject, text: Phrase, more: Partial<Pick<Said, 'tone' | 'notes'>> = {}): Said => ({
  subject,
  text,
  ...more,
});

function checkoutSaid(payload: EventPayload<'checkout.created'>): Said {
  const carried = payload.carried > 0 ? `, ${formatCount(payload.carried)} of them not committed yet` : '';
  const on: Phrase = payload.branch === null ? [] : [' on ', { code: payload.branch }];
  return said(
    'checkout',
    ['copied ', formatNoun(payload.files, 'file'), ...on, `${carried}, ${formatDuration(payload.ms)}`],
    {
      notes: payload.notes,
    },
  );
}

function usageSaid(payload: EventPayload<'usage.recorded'>): Said {
  const { agent, model, inputTokens, cacheReadTokens, cacheWrite5mTokens, cacheWrite1hTokens, outputTokens } = payload;
  const input = inputTokens + cacheReadTokens + cacheWrite5mTokens + cacheWrite1hTokens;
  const counted = `${formatNoun(input, 'token')} in, ${formatCount(outputTokens)} out`;
  const isUnknown = payload.status === 'unknown';
  return said('model', [{ code: agent }, ' called ', { code: model }, isUnknown ? ', cut' : `, ${counted}`], {
    tone: isUnknown ? 'needs' : 'plain',
    notes: isUnknown ? [`what it cost is not known, at least ${counted}`] : [],
  });
}

function itemWords({ kind, title, command, path }: EventPayload<'item.started'>): Phrase {
  if (kind === 'message') return ['a message'];
  if (kind === 'reasoning') return ['to think'];
  return [`${kind} `, { code: command ?? path ?? title }];
}

/** Events whose turn shows them otherwise, as a line for those who read the whole log. */
function agentSaid(event: AgentEvent): Said {
  switch (event.type) {
    case 'agent.added':
    case 'agent.changed': {
      const { agent, harness, model } = event.payload;
      const on: Phrase = model === null ? [] : [' on ', { code: model }];
      const verb = event.type === 'agent.added' ? 'added ' : 'changed ';
      return said('agent', [verb, { code: agent }, ' to be ', { code: harness }, ...on]);
    }
    case 'turn.queued':
      return said('agent', ['asked ', { code: event.payload.agent }, `: ${event.payload.prompt.slice(0, 200)}`]);
    case 'turn.moved':
      return said('agent', ['moved a waiting prompt']);
    case 'turn.withdrawn':
      return said('agent', ['withdrew a waiting prompt']);
    case 'turn.begun':
    case 'turn.started':
      return said('agent', [{ code: event.payload.agent }, ' started']);
    case 'turn.steered':
      return said('agent', [`added: ${event.payload.text.slice(0, 200)}`]);
    case 'turn.completed': {
      const { status, reason } = event.payload;
      const tone = status === 'completed' ? 'plain' : 'problem';
      return said('agent', [`turn ${status}${reason === null ? '' : `: ${reason}`}`], { tone });
    }
    case 'file.changed':
      return said('checkout', [`${event.payload.change} `, { code: event.payload.path }]);
    case 'item.started':
      return said('agent', ['began ', ...itemWords(event.payload)]);
    case 'item.completed': {
      const { kind, text, status, exitCode } = event.payload;
      const isBad = status !== 'completed' || (exitCode !== null && exitCode !== 0);
      const end = status !== 'completed' ? ` ${status}` : isBad ? ` exited ${exitCode}` : ' ended';
      if (kind === 'message' && text.trim() !== '') return said('agent', [`wrote: ${text.trim().slice(0, 200)}`]);
      return said('agent', [...itemWords(event.payload), end], { tone: isBad ? 'problem' : 'plain' });
    }
    case 'action.requested':
      return said('action', [
        { code: event.payload.agent },
        ` wants ${event.payload.tool} `,
        { code: event.payload.command ?? event.payload.paths.join(' ') },
      ]);
    case 'action.judged':
      return said('action', [`${event.payload.verdict}, ${event.payload.rule}`], { notes: event.payload.reasons });
    case 'action.acted':
      return said('action', [`action ${event.payload.outcome}`]);
  }
}

/** Paths that a line names; the record behind it has them all. */
const saidPaths = 5;

function surpriseSaid({ agent, paths, more, shared }: EventPayload<'effect.surprised'>): Said {
  const files = paths.slice(0, saidPaths).flatMap(({ path, change }, n): Phrase => {
    return [n === 0 ? `: ${change} ` : `, ${change} `, { code: path }];
  });
  const others = more + Math.max(0, paths.length - saidPaths);
  const rest = others > 0 ? [`, and ${formatCount(others)} more`] : [];
  return said('checkout', [{ code: agent }, ' changed what its command did not say', ...files, ...rest], {
    tone: shared ? 'needs' : 'problem',
    notes: shared ? ['a person typed in a shell meanwhile: it may be their doing'] : [],
  });
}

function approvalSaid(event: Extract<SessionEvent, { type: `approval.${string}` }>): Said {
  switch (event.type) {
    case 'approval.requested': {
      const what: Phrase = [{ code: event.payload.agent }, ' asks to run ', { code: actionText(event.payload) }];
      return said('action', what, { tone: 'needs', notes: event.payload.reasons });
    }
    case 'approval.shown':
      return said('action', ['looked at what is asked']);
    case 'approval.decided': {
      const { decision, edit, forSession, note } = event.payload;
      const edited: Phrase = edit === null ? [] : [', as ', { code: edit }];
      const text: Phrase = [decision, ...edited, forSession ? ', and the same again in this session' : ''];
      return said('action', text, { notes: note === null ? [] : [note] });
    }
    case 'approval.settled':
      return said('action', [
        `looked at what was not known: it ${event.payload.found === 'happened' ? 'happened' : 'did not happen'}`,
      ]);
    case 'approval.voted':
      return said('action', ['approves it; more must']);
    case 'approval.escalated':
      return said('action', [`it waited long, now ${event.payload.to.join(', ')} may approve it, too`], {
        tone: 'needs',
      });
    case 'approval.overdue':
      return said('action', ['what was decided has not come to anything'], { tone: 'problem' });
    case 'approval.delivered':
      return said('action', ['the decision reached the runner']);
    case 'approval.expired':
      return said('action', ['nobody decided in time, it was denied'], { tone: 'problem' });
    case 'approval.withdrawn':
      return said('action', [`what was asked is not wanted any more: ${event.payload.reason}`]);
    case 'approval.revoked':
      return said('action', ['revoked what was allowed for the session']);
  }
}

function egressSaid(payload: EventPayload<'egress.counted'>): Said {
  const { text, notes, hasRefused } = egressPhrase(payload);
  return said('agent', text, { notes, tone: hasRefused ? 'needs' : 'plain' });
}

function policySaid(event: Extract<SessionEvent, { type: `policy.${string}` }>): Said {
  if (event.type === 'policy.set') {
    const { file, warnings = [] } = event.payload;
    const tone = warnings.length > 0 ? 'needs' : 'plain';
    return said('session', ['set the rules of ', { code: file }], { tone, notes: warnings });
  }
  const { level, text } = event.payload;
  const whose = level === 'server' ? 'of this server' : 'of this session';
  return said('session', [text === '' ? `removed the rules ${whose}` : `set the rules ${whose}`]);
}

type SecretEvent = Extract<SessionEvent, { type: `provider.${string}` | `secret.${string}` | 'credential.used' }>;

/** What is stored sealed, and who uses it. */
function secretSaid(event: SecretEvent): Said {
  switch (event.type) {
    case 'provider.set':
      return said('person', ['set the key of ', { code: event.payload.provider }]);
    case 'provider.removed':
      return said('person', ['removed the key of ', { code: event.payload.provider }]);
    case 'secret.set':
    case 'secret.rotated': {
      const { name, origin, pathPrefix } = event.payload;
      const verb = event.type === 'secret.set' ? 'stored the secret ' : 'replaced the secret ';
      return said('person', [verb, { code: name }, ' for ', { code: `${origin}${pathPrefix}` }]);
    }
    case 'secret.removed':
      return said('person', ['removed the secret ', { code: event.payload.name }]);
    case 'secret.resealed': {
      const { sealed, unreadable } = event.payload;
      const lost = unreadable > 0 ? [`${formatNoun(unreadable, 'value')} could not be read, and stayed as before`] : [];
      return said('person', [`sealed ${formatNoun(sealed, 'stored value')} under a new key`], {
        tone: unreadable > 0 ? 'problem' : 'plain',
        notes: lost,
      });
    }
    case 'credential.used': {
      const { agent, name, host, method } = event.payload;
      return said('action', [
        { code: agent },
        ' used the secret ',
        { code: name },
        ' at ',
        { code: host },
        `, ${method}`,
      ]);
    }
  }
}

function paused({ payload, principal }: SessionEvent & { type: 'session.paused' }, { people }: Names): Said {
  const isFrozen = payload.programs === 'frozen';
  if (people.has(principal)) return said('session', [isFrozen ? 'paused the session' : 'stopped the session']);
  return isFrozen
    ? said('session', [payload.reason], { tone: 'needs' })
    : said('session', [`paused: ${payload.reason}`]);
}

/** What happened, in the words its timeline line shows. */
export function sentence(event: SessionEvent, names: Names): Said {
  switch (event.type) {
    case 'session.created':
      return said('session', ['started a session on ', { code: folderName(event.payload.source) }], {
        notes: event.payload.includesChanges ? ['with its uncommitted changes'] : [],
      });
    case 'session.failed':
      return said('session', [`failed: ${event.payload.reason}`], { tone: 'problem' });
    case 'session.paused':
      return paused(event, names);
    case 'session.resumed':
      return said('session', ['resumed the session']);
    case 'session.interrupted':
      return said('session', [`interrupted: ${event.payload.reason}`], { tone: 'problem' });
    case 'session.ended':
      return said('session', [`ended the session, ${fateClause(event.payload.checkout)}`]);
    case 'runner.connected':
      return said('runner', [`runner ${event.payload.epoch} connected`], {
        tone: event.payload.warning === null ? 'plain' : 'needs',
        notes: event.payload.warning === null ? [] : [event.payload.warning],
      });
    case 'runner.lost':
      return said('runner', [`runner ${event.payload.epoch} lost: ${event.payload.reason}`], { tone: 'problem' });
    case 'checkout.created':
      return checkoutSaid(event.payload);
    case 'terminal.opened': {
      const { command, name } = event.payload;
      return said(
        'terminal',
        command === null ? ['opened ', { code: name }] : ['started ', { code: commandText(command) }],
      );
    }
    case 'terminal.closed':
      return said('terminal', closedText(event.payload, names));
    case 'driver.changed':
      return said('driver', driverText(event.payload, names));
    case 'driver.refused':
      return said('driver', [`typed while another drove, ${formatNoun(event.payload.count, 'input')} not sent`]);
    case 'member.joined':
      return said('person', [`joined as ${event.payload.role}`]);
    case 'person.created':
      return said('person', ['was added']);
    case 'person.signed-in':
      return said('person', [`signed in${event.payload.from ? ` from ${event.payload.from.split(',')[0]}` : ''}`]);
    case 'provider.set':
    case 'provider.removed':
    case 'secret.set':
    case 'secret.rotated':
    case 'secret.removed':
    case 'secret.resealed':
    case 'credential.used':
      return secretSaid(event);
    case 'policy.set':
    case 'policy.changed':
      return policySaid(event);
    case 'usage.recorded':
      return usageSaid(event.payload);
    case 'effect.surprised':
      return surpriseSaid(event.payload);
    case 'egress.counted':
      return egressSaid(event.payload);
    case 'approval.requested':
    case 'approval.settled':
    case 'approval.voted':
    case 'approval.escalated':
    case 'approval.overdue':
    case 'approval.shown':
    case 'approval.decided':
    case 'approval.delivered':
    case 'approval.expired':
    case 'approval.withdrawn':
    case 'approval.revoked':
      return approvalSaid(event);
    default:
      return agentSaid(event);
  }
}
