/** What can be done with a terminal besides typing. */
import { AArrowDown, AArrowUp, ClipboardPaste, Copy, Ellipsis, History, Search, ShipWheel } from 'lucide-react';
import { localCap } from '#components/shell/shortcut.ts';
import { IconButton } from '#components/ui/button.tsx';
import { Menu, MenuItem, MenuRule, MenuToggle } from '#components/ui/menu.tsx';
import { useIsMac } from '#components/ui/use-media.ts';
import type { TerminalSettings } from './terminal-settings.ts';

export interface TerminalMenuProps {
  find: () => void;
  copy: () => void;
  paste: () => void;
  older: () => void;
  /** Null where there is nobody to ask, or where the bar offers it. */
  request: (() => void) | null;
  settings: TerminalSettings;
}

export function TerminalMenu({ find, copy, paste, older, request, settings }: TerminalMenuProps) {
  const isMac = useIsMac();
  return (
    <Menu align="end" trigger={<IconButton icon={Ellipsis} label="More about this terminal" />}>
      {request && (
        <MenuItem icon={ShipWheel} onSelect={request}>
          Ask for the wheel
        </MenuItem>
      )}
      <MenuItem icon={Search} onSelect={find} cap={localCap('⌃⇧F', isMac)}>
        Find
      </MenuItem>
      <MenuItem icon={Copy} onSelect={copy} cap={localCap('⌃⇧C', isMac)}>
        Copy selection, or the screen
      </MenuItem>
      <MenuItem icon={ClipboardPaste} onSelect={paste} cap={localCap('⌃⇧V', isMac)}>
        Paste
      </MenuItem>
      <MenuItem icon={History} onSelect={older} cap="o">
        Older output
      </MenuItem>
      <MenuRule />
      <MenuItem icon={AArrowUp} onSelect={() => settings.stepFontSize(1)}>
        Larger text
      </MenuItem>
      <MenuItem icon={AArrowDown} onSelect={() => settings.stepFontSize(-1)}>
        Smaller text
      </MenuItem>
      <MenuRule />
      <MenuToggle checked={settings.isScreenReader} onChange={settings.setScreenReader}>
        Text for screen readers
      </MenuToggle>
    </Menu>
  );
}
