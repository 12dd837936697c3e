/** Who else is in a session. Asking is being there: the server shows this person to others while it is asked. */
import { useSubscription } from '@trpc/tanstack-react-query';
import { useState } from 'react';
import { type Present, useTRPC } from '#components/api/api.ts';

/** `place`: where this person is, in words that others read after "in". */
export function usePresence(session: string, place: string): readonly Present[] {
  const [present, setPresent] = useState<readonly Present[]>([]);
  useSubscription(useTRPC().session.presence.subscriptionOptions({ session, place }, { onData: setPresent }));
  return present;
}
