/** Opens the palette from the top bar: a field to look at, its key beside it; an icon on a phone. */
import { Search } from 'lucide-react';
import { IconButton } from '#components/ui/button.tsx';
import { Icon } from '#components/ui/icon.tsx';
import { KeyCap } from '#components/ui/key-cap.tsx';
import { useIsMac } from '#components/ui/use-media.ts';
import { useShell } from './shell-context.ts';

export function PaletteButton() {
  const shell = useShell();
  const isMac = useIsMac();
  const open = () => shell.openPalette('commands');
  return (
    <>
      <button
        type="button"
        onClick={open}
        className="flex h-[26px] w-54 items-center gap-1.5 rounded-2 border border-line bg-surface pr-1.5 pl-2 text-ink-3 hover:border-line-strong hover:text-ink-2 max-wide:hidden"
      >
        <Icon icon={Search} />
        <span className="flex-1 text-left">Command or session</span>
        <KeyCap cap={isMac ? '⌘K' : 'Ctrl K'} />
      </button>
      <IconButton icon={Search} label="Search" iconSize={20} className="text-ink-2 wide:hidden" onClick={open} />
    </>
  );
}
