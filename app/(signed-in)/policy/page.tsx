/** `/policy`: the rules in force, tried out and changed. `?session=` says in which session. */
import { PolicyPage } from '#components/policy/policy-page.tsx';

export default async function Page({ searchParams }: { searchParams: Promise<Record<string, string | string[]>> }) {
  const { session } = await searchParams;
  return <PolicyPage session={typeof session === 'string' ? session : null} />;
}
