/** `/inbox/APR`: one approval, opened from a link. */
import { InboxPage } from '#components/approval/inbox-page.tsx';

export default async function Page({ params }: { params: Promise<{ approval: string }> }) {
  const { approval } = await params;
  return <InboxPage key={approval} opened={approval} />;
}
