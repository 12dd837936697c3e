/** What stands around a page of its own in the navigation: title, bars, status line. */
import type { ReactNode } from 'react';
import { DocumentTitle } from '#components/ui/document-title.tsx';
import { AccountMenu } from './account-menu.tsx';
import { BackLink, type BackLinkProps } from './back-link.tsx';
import { Brand } from './brand.tsx';
import { OfflineStrip } from './connection-note.tsx';
import { MainNav, type PlaceName } from './main-nav.tsx';
import { PaletteButton } from './palette-button.tsx';
import { type KeyHint, StatusLine } from './status-line.tsx';
import { TopBar } from './top-bar.tsx';

export interface PageFrameProps {
  place: PlaceName;
  heading: string;
  /** Of the browser's tab; the heading unless more is to be said. */
  title?: string;
  isBusy?: boolean;
  hints: readonly KeyHint[];
  /** Where the arrow of a narrow screen leads; to all sessions without it. */
  back?: BackLinkProps | null;
  children: ReactNode;
}

export function PageFrame({
  place,
  heading,
  title = heading,
  isBusy = false,
  hints,
  back = null,
  children,
}: PageFrameProps) {
  return (
    <>
      <DocumentTitle name={title} />
      <TopBar isBusy={isBusy}>
        <span className="inline-flex max-wide:hidden">
          <Brand />
        </span>
        <BackLink {...back} />
        <MainNav current={place} />
        <h1 className="min-w-0 flex-1 truncate font-medium max-wide:text-[15px] wide:sr-only">{heading}</h1>
        <span className="flex-1 max-wide:hidden" />
        <PaletteButton />
        <AccountMenu />
      </TopBar>
      <OfflineStrip />
      {children}
      <StatusLine hints={hints} />
    </>
  );
}
