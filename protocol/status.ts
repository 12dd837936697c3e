/** The words for what a session does and what it needs from people. Without zod, so that a list of sessions loads little. */

export const statuses = [
  'starting',
  'working',
  'waiting',
  'idle',
  'paused',
  'unreachable',
  'interrupted',
  'failed',
  'ended',
] as const;
export type Status = (typeof statuses)[number];

/** What a session needs from people, most urgent first; also the dashboard's groups and the list's first sort key. */
export const attentions = ['needs', 'working', 'idle', 'done'] as const;
export type Attention = (typeof attentions)[number];

const attentionOf: Record<Status, Attention> = {
  starting: 'working',
  working: 'working',
  waiting: 'needs',
  idle: 'idle',
  paused: 'idle',
  unreachable: 'needs',
  interrupted: 'needs',
  failed: 'needs',
  ended: 'done',
};

/** What `frozen` of a session's view is about here: a pause that no person made wants one to look. */
interface Attended {
  status: Status;
  frozen?: { by: string } | null;
  /** Actions that nobody knows of whether they happened. */
  turns?: { unknown?: readonly unknown[] } | undefined;
}

export function attentionFor({ status, frozen, turns }: Attended): Attention {
  const isToBeLookedAt = (status === 'paused' && frozen?.by === 'server') || (turns?.unknown?.length ?? 0) > 0;
  return isToBeLookedAt && status !== 'ended' ? 'needs' : attentionOf[status];
}
