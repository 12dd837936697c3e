/** People are round: initials on their colour, an outline when away, a ring when they drive. */
import { classNames } from '#components/ui/class-name.ts';
import { initials } from './initials.ts';
import type { Tone } from './tone.ts';

export interface AvatarProps {
  name: string;
  tone: Tone;
  isAway?: boolean;
  isDriver?: boolean;
  /** Edge, px. */
  size?: 18 | 20 | 24;
  /** A name beside it makes the avatar silent. */
  isSilent?: boolean;
  className?: string;
}

const grounds: Record<Tone, string> = {
  me: 'bg-accent-solid text-on-accent',
  1: 'bg-(--person-1) text-(--on-person)',
  2: 'bg-(--person-2) text-(--on-person)',
  3: 'bg-(--person-3) text-(--on-person)',
  4: 'bg-(--person-4) text-(--on-person)',
  5: 'bg-(--person-5) text-(--on-person)',
  6: 'bg-(--person-6) text-(--on-person)',
};

export function Avatar({ name, tone, isAway, isDriver, size = 20, isSilent, className }: AvatarProps) {
  const state = isDriver ? 'drives' : isAway ? 'away' : '';
  const words = state === '' ? name : `${name}, ${state}`;
  return (
    <span
      {...(isSilent ? { 'aria-hidden': true } : { role: 'img', 'aria-label': words, title: words })}
      style={{ width: size, height: size, fontSize: size === 24 ? 10.5 : size === 20 ? 9.5 : 9 }}
      className={classNames(
        'inline-flex flex-none select-none items-center justify-center rounded-full font-semibold leading-none tracking-normal',
        isAway ? 'text-ink-3 inset-ring inset-ring-line-strong' : grounds[tone],
        isDriver && 'outline-[1.5px] outline-accent-solid outline-offset-[1.5px]',
        className,
      )}
    >
      {initials(name)}
    </span>
  );
}
