/** The pages of the app, in the top bar; on a phone the account menu leads there. */
import Link from 'next/link';
import { useWaitingCount } from './use-waiting-count.ts';

const places = [
  { name: 'sessions', label: 'Sessions', path: '/' },
  { name: 'inbox', label: 'Inbox', path: '/inbox' },
  { name: 'policy', label: 'Policy', path: '/policy' },
  { name: 'audit', label: 'Audit', path: '/audit' },
  { name: 'settings', label: 'Settings', path: '/settings' },
] as const;

export type PlaceName = (typeof places)[number]['name'];

const itemClass = 'inline-flex h-[26px] items-center rounded-2 px-2';

export function MainNav({ current }: { current: PlaceName }) {
  return (
    <nav aria-label="Main" className="flex h-full items-center gap-0.5 max-wide:hidden">
      {places.map(({ name, label, path }) =>
        name === current ? (
          <span key={name} aria-current="page" className={`${itemClass} bg-active`}>
            {label}
            {name === 'inbox' && <WaitingCount />}
          </span>
        ) : (
          <Link key={name} href={path} className={`${itemClass} text-ink-2 hover:bg-hover hover:text-ink`}>
            {label}
            {name === 'inbox' && <WaitingCount />}
          </Link>
        ),
      )}
    </nav>
  );
}

function WaitingCount() {
  const count = useWaitingCount();
  if (count === 0) return null;
  return (
    <span className="num ml-1.5 text-needs">
      {count}
      <span className="sr-only"> waiting</span>
    </span>
  );
}
