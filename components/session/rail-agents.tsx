/** The agents of a session: what each is, what it can do, and its terminal. */
import { useMutation } from '@tanstack/react-query';
import { CircleStop, Ellipsis } from 'lucide-react';
import { useTRPC } from '#components/api/api.ts';
import { IconButton } from '#components/ui/button.tsx';
import { Menu, MenuItem } from '#components/ui/menu.tsx';
import { StateMark } from '#components/ui/state-mark.tsx';
import type { AgentView } from '#protocol/turn-view.ts';
import { RailSection } from './rail-section.tsx';
import type { SessionView } from './session-facts.ts';
import { TerminalMark } from './terminal-mark.tsx';
import { type HarnessFacts, useHarnesses } from './use-harnesses.ts';
import type { Interrupt } from './use-interrupt.ts';

/** What people should know of a harness, in a few words: "gate: every action, usage: gateway, steer, resume". */
const wordsOf = ({ gate, usage, canSteer, canResume }: HarnessFacts['capabilities']): string =>
  [
    `gate: ${gate.replace('-', ' ')}`,
    `usage: ${usage}`,
    ...(canSteer ? ['steer'] : []),
    ...(canResume ? ['resume'] : []),
  ].join(', ');

export function RailAgents({ view, interrupt }: { view: SessionView; interrupt: Interrupt }) {
  const { agents } = view.turns;
  if (agents.length === 0) return null;
  return (
    <RailSection title="Agents">
      <ul className="flex flex-col gap-1.5">
        {agents.map((agent) => (
          <AgentLine key={agent.name} view={view} agent={agent} interrupt={interrupt} />
        ))}
      </ul>
    </RailSection>
  );
}

interface AgentLineProps {
  view: SessionView;
  agent: AgentView;
  interrupt: Interrupt;
}

function AgentLine({ view, agent, interrupt }: AgentLineProps) {
  const trpc = useTRPC();
  const harnesses = useHarnesses();
  const open = useMutation(trpc.turn.open.mutationOptions());
  const harness = harnesses.find(({ type }) => type === agent.harness);
  const faces = harnesses.filter(({ family, type }) => family === harness?.family && type !== agent.harness);
  const isBusy = view.turns.turn !== null;
  const isWorking = view.turns.turn?.agent === agent.name;
  return (
    <li>
      <div className="flex h-7 items-center gap-2 max-wide:h-11">
        <TerminalMark name={agent.name} />
        <span className="min-w-0 flex-1 truncate">{agent.name}</span>
        {isWorking && interrupt.run && (
          <IconButton
            icon={CircleStop}
            label={`Interrupt ${agent.name}`}
            onClick={interrupt.run}
            disabled={interrupt.isPending}
          />
        )}
        <StateMark shape={isWorking && !view.frozen ? 'working' : 'idle'} />
        {faces.length > 0 && view.runner && (
          <Menu align="end" trigger={<IconButton icon={Ellipsis} label={`More about ${agent.name}`} />}>
            {faces.map(({ type, hasTerminal }) => (
              <MenuItem
                key={type}
                disabled={isBusy || open.isPending}
                onSelect={() => open.mutate({ session: view.id, agent: agent.name, harness: type })}
              >
                {hasTerminal ? 'Open in terminal' : 'Back to headless'}
              </MenuItem>
            ))}
          </Menu>
        )}
      </div>
      <p className="truncate pl-[26px] text-ink-3 text-xs">
        {harness?.title ?? agent.harness}
        {agent.model !== null && `, ${agent.model}`}
      </p>
      {harness && <p className="pl-[26px] text-ink-3 text-xs">{wordsOf(harness.capabilities)}</p>}
      {harness?.problem && <p className="pl-[26px] text-problem text-xs">{harness.problem}</p>}
      {open.error && (
        <p role="alert" className="pl-[26px] text-problem text-xs">
          {open.error.message}
        </p>
      )}
    </li>
  );
}
