/** The providers of models that the server knows, and the calls that change them. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useTRPC } from '#components/api/api.ts';

/** Asked anew when the window gets the focus: a key may have been entered in another tab. */
export function useProviders() {
  return useQuery(useTRPC().provider.list.queryOptions(undefined, { refetchOnWindowFocus: 'always' }));
}

/** Both resolve when the list is the new one. */
export function useProviderChanges() {
  const trpc = useTRPC();
  const client = useQueryClient();
  const onSuccess = () => client.invalidateQueries({ queryKey: trpc.provider.list.queryKey() });
  return {
    set: useMutation(trpc.provider.set.mutationOptions({ onSuccess })),
    remove: useMutation(trpc.provider.remove.mutationOptions({ onSuccess })),
  };
}
