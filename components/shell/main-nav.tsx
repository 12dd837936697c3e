/** The pages of the app, in the top bar; on a phone the account menu leads there. */
import Link from 'next/link';

const places = [
  { name: 'sessions', label: 'Sessions', path: '/' },
  { name: 'audit', label: 'Audit', path: '/audit' },
  { name: 'settings', label: 'Settings', path: '/settings' },
] as const;

const itemClass = 'inline-flex h-[26px] items-center rounded-2 px-2';

export function MainNav({ current }: { current: (typeof places)[number]['name'] }) {
  return (
    <nav aria-label="Main" className="flex h-full items-center gap-0.5 max-wide:hidden">
      {places.map(({ name, label, path }) =>
        name === current ? (
          <span key={name} aria-current="page" className={`${itemClass} bg-active`}>
            {label}
          </span>
        ) : (
          <Link key={name} href={path} className={`${itemClass} text-ink-2 hover:bg-hover hover:text-ink`}>
            {label}
          </Link>
        ),
      )}
    </nav>
  );
}
