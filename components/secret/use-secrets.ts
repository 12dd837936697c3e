/** The secrets that the server knows, and the calls that change them. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useTRPC } from '#components/api/api.ts';

/** Asked anew when the window gets the focus: one may have been stored elsewhere, or used. */
export function useSecrets() {
  return useQuery(useTRPC().secret.list.queryOptions(undefined, { refetchOnWindowFocus: 'always' }));
}

/** Both resolve when the list is the new one. */
export function useSecretChanges() {
  const trpc = useTRPC();
  const client = useQueryClient();
  const onSuccess = () => client.invalidateQueries({ queryKey: trpc.secret.list.queryKey() });
  return {
    set: useMutation(trpc.secret.set.mutationOptions({ onSuccess })),
    remove: useMutation(trpc.secret.remove.mutationOptions({ onSuccess })),
  };
}
