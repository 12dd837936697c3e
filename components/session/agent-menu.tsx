/** Chooses who a prompt is for: an agent of the session, or a new one of some harness. */
import { ChevronDown, Download } from 'lucide-react';
import { Button } from '#components/ui/button.tsx';
import { Icon } from '#components/ui/icon.tsx';
import { Menu, MenuItem, MenuRule } from '#components/ui/menu.tsx';
import type { SessionView } from './session-facts.ts';
import { TerminalMark } from './terminal-mark.tsx';
import type { Composer } from './use-composer.ts';
import { type HarnessFacts, type HarnessInstall, useHarnessInstall } from './use-harnesses.ts';

export interface AgentMenuProps {
  view: SessionView;
  state: Composer;
  harnesses: readonly HarnessFacts[];
}

/** A new agent of this harness. */
export const newAgentOf = ({ type, title, family }: HarnessFacts, harnesses: readonly HarnessFacts[]) => ({
  harness: type,
  title,
  family: harnesses.filter((each) => each.family === family).map((each) => each.type),
});

export function AgentMenu({ view, state, harnesses }: AgentMenuProps) {
  const install = useHarnessInstall();
  const label = state.agent ?? state.newAgent?.title ?? 'Choose an agent';
  const lacking = harnesses.filter(({ problem }) => problem !== null);
  return (
    <>
      <Menu
        trigger={
          <Button size="small" variant="plain">
            {(state.agent || state.newAgent) && <TerminalMark name={label} />}
            <span className="max-w-40 truncate">
              {state.newAgent && state.agent === null ? `New: ${label}` : label}
            </span>
            <Icon icon={ChevronDown} size={12} className="text-ink-3" />
          </Button>
        }
      >
        {view.turns.agents.map(({ name, harness }) => (
          <MenuItem key={name} mark={<TerminalMark name={name} />} onSelect={() => state.choose(name)}>
            {name} <span className="text-ink-3">{harness}</span>
          </MenuItem>
        ))}
        {view.turns.agents.length > 0 && <MenuRule />}
        {harnesses
          .filter(({ problem }) => problem === null)
          .map((harness) => (
            <MenuItem key={harness.type} onSelect={() => state.add(newAgentOf(harness, harnesses))}>
              New: {harness.title}
            </MenuItem>
          ))}
        {lacking.length > 0 && <MenuRule />}
        {lacking.map((harness) => (
          <Lacking key={harness.type} harness={harness} install={install} />
        ))}
      </Menu>
      {install.failure && (
        <span role="alert" className="min-w-0 truncate text-problem text-xs" title={install.failure.message}>
          {install.failure.message}
        </span>
      )}
    </>
  );
}

/** A harness that cannot be used here, why, and the way to get it. */
function Lacking({ harness, install }: { harness: HarnessFacts; install: HarnessInstall }) {
  const { type, title, problem, isInstallable } = harness;
  const isPending = install.pending === type;
  return (
    <>
      <MenuItem
        icon={Download}
        disabled={!isInstallable || install.pending !== null}
        onSelect={() => install.run(type)}
      >
        {isPending ? `Installing ${title}` : isInstallable ? `Install ${title}` : title}
      </MenuItem>
      <p className="max-w-80 px-2 pb-1 pl-[30px] text-ink-3 text-xs">{problem}</p>
    </>
  );
}
