/** Small questions about a session's view that several screens ask. Pure. */
import type { SessionView, TerminalView } from '#protocol/session-view.ts';
import { attentionFor } from '#protocol/status.ts';

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

/** It is paused and its programs stand still, also while its runner cannot be reached. */
export const isFrozen = (view: Pick<SessionView, 'frozen'>): boolean => Boolean(view.frozen);

/** The session is at rest but not ended: it can go on, or a new runner be started for it. */
export const isResumable = (view: Pick<SessionView, 'status' | 'frozen'>): boolean =>
  isFrozen(view) || view.status === 'paused' || view.status === 'interrupted' || view.status === 'failed';

/** Prompts are taken, to be worked on now or once a runner is back. */
export const takesPrompts = (view: Pick<SessionView, 'status' | 'frozen'>): boolean =>
  isRunning(view) || isFrozen(view) || view.status === 'unreachable' || view.status === 'interrupted';

/** Agents work here and no terminal is there to be seen: the timeline has the middle. */
export const isTalk = (view: Pick<SessionView, 'terminals' | 'turns'>): boolean =>
  view.turns.agents.length > 0 && view.terminals.length === 0;

/** Someone must look: the dashboard's first group. */
export const needsSomeone = (view: Pick<SessionView, 'status' | 'frozen'>): boolean => attentionFor(view) === 'needs';
