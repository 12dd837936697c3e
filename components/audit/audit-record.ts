/** What a line of the audit says of a record: in words, from where, and as a line of an export. Pure. */
import { type Names, namesOf } from '#components/session/event-names.ts';
import { type Said, sentence } from '#components/session/event-sentence.ts';
import { capitalise } from '#components/ui/format.ts';
import type { Phrase } from '#components/ui/phrase.ts';
import { visibleLine } from '#protocol/visible-text.ts';
import type { AuditRecord } from './use-audit.ts';

export { type Names, namesOf };

const startsUpper = ([first, ...rest]: Phrase): Phrase =>
  typeof first === 'string' ? [capitalise(first), ...rest] : first === undefined ? rest : [first, ...rest];

/** What happened, and to what: "Approved: `git push`, coder". */
export function whatOf(record: AuditRecord, names: Names): { text: Phrase; tone: NonNullable<Said['tone']> } {
  const { text, tone = 'plain' } = sentence(record, names);
  const { about } = record;
  const subject: Phrase = about === null ? [] : [': ', { code: visibleLine(about.what) }, `, ${about.agent}`];
  return { text: [...startsUpper(text), ...subject], tone };
}

/** The address that it was done from; null where the log does not say, or its words do. */
export function addressOf({ type, payload }: AuditRecord): string | null {
  if (type === 'person.signed-in' || !('from' in payload) || !payload.from) return null;
  return payload.from.split(',')[0] ?? null;
}

/** One line, as `omnigent audit export` writes it. */
export function exportLine(record: AuditRecord): string {
  const { sessionId: chain, seq, type, version, at, principal, dedupeKey, payload, hash } = record;
  return `${JSON.stringify({ chain, seq, type, version, at, principal, dedupeKey, payload, hash })}\n`;
}
