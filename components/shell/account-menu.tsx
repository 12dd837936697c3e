/** Who you are, how the page looks, how to leave. */
import { useQuery } from '@tanstack/react-query';
import { Inbox, Keyboard, LogOut, ScrollText, Settings, ShieldCheck } from 'lucide-react';
import { useRouter } from 'next/navigation';
import { useTRPC } from '#components/api/api.ts';
import { useForgetBrowser } from '#components/notify/use-notify.ts';
import { Avatar } from '#components/person/avatar.tsx';
import { Menu, MenuChoice, MenuItem, MenuRule } from '#components/ui/menu.tsx';
import { useStored } from '#components/ui/use-stored.ts';
import { useShell } from './shell-context.ts';
import { storedTerminalTheme, storedTheme, type Theme } from './theme.ts';

const themes: readonly { value: Theme; label: string }[] = [
  { value: 'system', label: 'As the system' },
  { value: 'dark', label: 'Dark' },
  { value: 'light', label: 'Light' },
];
const terminalThemes = [
  { value: 'follow', label: 'Terminal as the page' },
  { value: 'dark', label: 'Terminal always dark' },
] as const;

/** Ends this browser's session on the server, then leaves; without an answer nothing was ended and the page stays. */
async function signOut(forget: () => Promise<void>): Promise<void> {
  const answer = await fetch('/api/sign-out', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: '{}',
  });
  if (!answer.ok) return;
  // Whoever comes next is not told what this person was; a push service that is away keeps nobody here.
  await forget().catch(() => undefined);
  location.replace('/sign-in');
}

export function AccountMenu() {
  const { data: me } = useQuery(useTRPC().person.me.queryOptions());
  const shell = useShell();
  const router = useRouter();
  const forget = useForgetBrowser();
  const [theme, setTheme] = useStored(storedTheme);
  const [terminalTheme, setTerminalTheme] = useStored(storedTerminalTheme);
  const name = me?.name ?? '';
  return (
    <Menu
      align="end"
      trigger={
        <button
          type="button"
          aria-label={`Account and appearance${name && `, ${name}`}`}
          className="inline-flex items-center justify-center rounded-full max-wide:size-11"
        >
          {me ? <Avatar name={name} tone="me" isSilent /> : <span className="size-5 rounded-full bg-active" />}
        </button>
      }
    >
      {me && (
        <p className="flex items-baseline gap-2 px-2 pt-1 pb-1.5">
          <span className="truncate font-medium">{me.name}</span>
          <span className="text-ink-3 text-xs">{me.role}</span>
        </p>
      )}
      <MenuRule />
      <MenuChoice label="Appearance" value={theme} choices={themes} onChange={setTheme} />
      <MenuRule />
      <MenuChoice label="Terminal" value={terminalTheme} choices={terminalThemes} onChange={setTerminalTheme} />
      <MenuRule />
      <MenuItem icon={Inbox} onSelect={() => router.push('/inbox')}>
        Inbox
      </MenuItem>
      <MenuItem icon={ShieldCheck} onSelect={() => router.push('/policy')}>
        Policy
      </MenuItem>
      <MenuItem icon={ScrollText} onSelect={() => router.push('/audit')}>
        Audit
      </MenuItem>
      <MenuItem icon={Settings} onSelect={() => router.push('/settings')}>
        Settings
      </MenuItem>
      <MenuItem icon={Keyboard} cap="?" onSelect={shell.openHelp}>
        Keyboard shortcuts
      </MenuItem>
      <MenuItem icon={LogOut} onSelect={() => void signOut(forget)}>
        Sign out
      </MenuItem>
    </Menu>
  );
}
