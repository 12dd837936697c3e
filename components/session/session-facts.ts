/** Small questions about a session's view that several screens ask. Pure. */
import type { SessionView, TerminalView } from '#protocol/session-view.ts';

export type { SessionView, TerminalView };

export const isOpenTerminal = (terminal: TerminalView): boolean => terminal.closed === null;

/** The last part of a path: what people call the repository. */
export const folderName = (path: string): string => path.split('/').findLast((part) => part.length > 0) ?? path;

/** Where the work is: "payments-api, omnigent/rate-limits", or only the folder when there is no branch. */
export const placeOf = (view: Pick<SessionView, 'source' | 'branch'>): string =>
  view.branch === null ? folderName(view.source) : `${folderName(view.source)}, ${view.branch}`;

/** A runner exists or is being started, so the session can be stopped. */
export const isRunning = (view: Pick<SessionView, 'status'>): boolean =>
  view.status === 'starting' || view.status === 'working' || view.status === 'waiting' || view.status === 'idle';

/** The session is at rest but not ended, so a new runner can be started for it. */
export const isResumable = (view: Pick<SessionView, 'status'>): boolean =>
  view.status === 'paused' || view.status === 'interrupted' || view.status === 'failed';

/** Prompts are taken, to be worked on now or once a runner is back. */
export const takesPrompts = (view: Pick<SessionView, 'status'>): boolean =>
  isRunning(view) || view.status === 'unreachable' || view.status === 'interrupted';

/** Agents work here and no terminal is there to be seen: the timeline has the middle. */
export const isTalk = (view: Pick<SessionView, 'terminals' | 'turns'>): boolean =>
  view.turns.agents.length > 0 && view.terminals.length === 0;

/** Someone must look: the dashboard's first group. */
export const needsSomeone = (view: Pick<SessionView, 'status'>): boolean =>
  view.status === 'waiting' ||
  view.status === 'unreachable' ||
  view.status === 'interrupted' ||
  view.status === 'failed';
