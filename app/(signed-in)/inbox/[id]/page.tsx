/** `/inbox/APR`: one approval, opened from a link. */
import { InboxPage } from '#components/approval/inbox-page.tsx';

export default async function Page({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  return <InboxPage opened={id} />;
}
