/** Whether the person at this browser may do what a role may, and why not. */
import { useQuery } from '@tanstack/react-query';
import { useTRPC } from '#components/api/api.ts';
import { isAtLeast, type Role } from '#protocol/role.ts';

const words: Partial<Record<Role, string>> = {
  editor: 'Only editors and owners do this',
  owner: 'Only owners do this',
};

/** Roles do not change while a page is open, in ms. */
const staleMs = 60_000;

/** Null: may, or it is not known yet. */
export function useRefusal(least: 'editor' | 'owner'): string | null {
  const { data: me } = useQuery(useTRPC().person.me.queryOptions(undefined, { staleTime: staleMs }));
  return me && !isAtLeast(me.role, least) ? (words[least] ?? null) : null;
}
