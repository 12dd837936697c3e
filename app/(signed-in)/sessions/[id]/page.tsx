/** `/sessions/SES`: one session. */
import { SessionPage } from '#components/session/session-page.tsx';

export default async function Page({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  return <SessionPage key={id} session={id} />;
}
