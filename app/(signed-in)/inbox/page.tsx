/** `/inbox`: what waits for a person. */
import { InboxPage } from '#components/approval/inbox-page.tsx';

export default function Page() {
  return <InboxPage />;
}
