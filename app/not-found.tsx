/** Whatever has no page. */
import { NotFound } from '#components/shell/full-page.tsx';

export default function NotFoundPage() {
  return <NotFound />;
}
