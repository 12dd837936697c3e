/** Every key in one place, from the same table that the pages use. */
import { useRef } from 'react';
import { Dialog } from '#components/ui/dialog.tsx';
import { KeyCap } from '#components/ui/key-cap.tsx';
import { useIsMac } from '#components/ui/use-media.ts';
import { localCap, type Scope, shortcuts, terminalKeys } from './shortcut.ts';

const titles: Record<Scope, string> = {
  everywhere: 'Everywhere',
  list: 'Sessions',
  inbox: 'Inbox',
  session: 'In a session',
};

function Keys({ title, rows }: { title: string; rows: readonly { caps: readonly string[]; label: string }[] }) {
  const isMac = useIsMac();
  return (
    <section className="break-inside-avoid pb-4">
      <h3 className="pb-1 font-medium text-2xs text-ink-3">{title}</h3>
      <dl>
        {rows.map((row) => (
          <div key={row.label} className="flex h-7 items-center gap-3">
            <dt className="min-w-0 flex-1 truncate">{row.label}</dt>
            <dd className="flex gap-1 *:inline-flex!">
              {row.caps.map((cap) => (
                <KeyCap key={cap} cap={localCap(cap, isMac)} />
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

export function HelpDialog({ open, onClose }: { open: boolean; onClose: () => void }) {
  const list = useRef<HTMLDivElement>(null);
  return (
    <Dialog open={open} onClose={onClose} title="Keyboard shortcuts" width={640} initialFocus={list}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard has to reach it */}
      <div ref={list} tabIndex={0} className="outline-none gap-8 overflow-y-auto px-5 pt-3 pb-2 wide:columns-2">
        {(['everywhere', 'list', 'inbox', 'session'] as const).map((scope) => (
          <Keys key={scope} title={titles[scope]} rows={shortcuts.filter((each) => each.scope === scope)} />
        ))}
        <Keys title="While the terminal has the keyboard" rows={terminalKeys} />
        <p className="break-inside-avoid pb-4 text-ink-2 text-xs">
          Every other key goes to the program in the terminal, also Escape and Tab.
        </p>
      </div>
    </Dialog>
  );
}
