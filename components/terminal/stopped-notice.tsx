/** What is said when a terminal's connection has ended for a reason that a retry cannot help. */
import { signInPath } from '#components/api/client.ts';
import { Button } from '#components/ui/button.tsx';
import { Notice } from '#components/ui/notice.tsx';
import type { Link, Remedy } from './link.ts';

export interface StoppedNoticeProps {
  link: Extract<Link, { kind: 'stopped' }>;
  /** A screen stays above it; otherwise it takes the screen's place. */
  hasScreen: boolean;
  onRetry: () => void;
  onOlder: () => void;
}

const remedyWords: Record<Remedy, string> = {
  'sign-in': 'Sign in again',
  retry: 'Connect again',
  reload: 'Reload the page',
  recording: 'Open the recording',
};

export function StoppedNotice({ link, hasScreen, onRetry, onOlder }: StoppedNoticeProps) {
  const act = () => {
    switch (link.remedy) {
      case 'sign-in':
        return location.replace(signInPath());
      case 'reload':
        return location.reload();
      case 'recording':
        return onOlder();
      case 'retry':
        return onRetry();
    }
  };
  return (
    <div
      className={
        hasScreen
          ? 'flex-none border-line border-t bg-surface p-4'
          : 'absolute inset-x-0 top-9 bottom-0 z-10 bg-surface p-5'
      }
    >
      <Notice tone="needs" title={link.why} action={<Button onClick={act}>{remedyWords[link.remedy]}</Button>}>
        The program itself is not affected.
      </Notice>
    </div>
  );
}
