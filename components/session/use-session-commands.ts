/** What can be done with the session whose page is open, as the palette offers it. Knows no palette. */
import { useQuery } from '@tanstack/react-query';
import { CirclePause, CirclePlay, CircleStop, type LucideIcon } from 'lucide-react';
import { useTRPC } from '#components/api/api.ts';
import type { Failure } from '#components/api/failure.ts';
import { isFrozen, isResumable, isRunning } from './session-facts.ts';
import { useSessionActions } from './use-session-actions.ts';

export interface SessionCommand {
  label: string;
  icon: LucideIcon;
  run: () => void;
}

/** `onDone` is called when one was done. */
export function useSessionCommands(
  session: string,
  onDone: () => void,
): { name: string; commands: SessionCommand[]; failure: Failure | null } {
  const { data } = useQuery(useTRPC().session.get.queryOptions({ session }));
  const { pause, resume, stop, failure } = useSessionActions(session, onDone);
  if (!data) return { name: '', commands: [], failure };
  const { view } = data;
  const commands: (SessionCommand | false)[] = [
    isRunning(view) && !isFrozen(view) && { label: 'Pause session', icon: CirclePause, run: pause },
    isResumable(view) && { label: 'Resume session', icon: CirclePlay, run: resume },
    (isRunning(view) || isFrozen(view)) && { label: 'Stop session', icon: CircleStop, run: stop },
  ];
  return { name: view.name, commands: commands.filter((each) => each !== false), failure };
}
