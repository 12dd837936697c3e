/** The top of a session's page: where you are, its state, who is here, its life. */

import Link from 'next/link';
import type { Present } from '#components/api/api.ts';
import { AvatarRow } from '#components/person/avatar-row.tsx';
import { AccountMenu } from '#components/shell/account-menu.tsx';
import { BackLink } from '#components/shell/back-link.tsx';
import { Brand } from '#components/shell/brand.tsx';
import { TopBar } from '#components/shell/top-bar.tsx';
import { NoSandboxBadge } from './no-sandbox-badge.tsx';
import { peopleOf } from './people.ts';
import { SessionActions } from './session-actions.tsx';
import type { SessionView } from './session-facts.ts';
import { StateBadge } from './state-badge.tsx';

export interface SessionBarProps {
  view: SessionView;
  present: readonly Present[];
  me: string | null;
}

export function SessionBar({ view, present, me }: SessionBarProps) {
  const members = view.members.map((member) => member.personId);
  const others = peopleOf(view, present).filter((person) => !person.isAway && person.id !== me);
  return (
    <TopBar>
      <span className="inline-flex max-wide:hidden">
        <Brand hasName={false} />
      </span>
      <BackLink />
      <nav aria-label="Breadcrumb" className="flex min-w-0 items-center gap-2 max-wide:flex-1">
        <Link href="/" className="rounded-1 text-ink-3 hover:text-ink max-wide:hidden">
          Sessions
        </Link>
        <span aria-hidden="true" className="text-ink-3 max-wide:hidden">
          /
        </span>
        <h1 className="min-w-0 truncate font-medium max-wide:text-[15px]">{view.name}</h1>
        <NoSandboxBadge view={view} />
      </nav>
      <StateBadge view={view} className="min-w-0 flex-1 max-wide:hidden" />
      {others.length > 0 && (
        <span className="flex items-center gap-4 max-full:hidden">
          <AvatarRow people={others} members={members} me={me} />
          {view.status !== 'ended' && <span aria-hidden="true" className="h-3.5 w-px flex-none bg-line-strong" />}
        </span>
      )}
      <span className="flex min-w-0 flex-none items-center gap-2 max-wide:hidden">
        <SessionActions view={view} />
      </span>
      <AccountMenu />
    </TopBar>
  );
}
