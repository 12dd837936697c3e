/** The hand-over: what an agent is told that others did since it last worked. Pure; reads events, writes text. */
import type { SessionEvent } from '#protocol/event.ts';
import type { AgentView, TurnsView } from '#protocol/turn-view.ts';

/** Longest hand-over, in characters: about 2,000 tokens. */
const maxHandover = 8_000;
const maxPrompt = 600;
const maxAnswer = 1_500;
const maxFiles = 40;
const maxDecisions = 10;

const short = (text: string, most: number): string => (text.length <= most ? text : `${text.slice(0, most - 1)}…`);

/** Whether `agent` must be told something: others have worked since its last turn, or it has no memory of its own work. */
export const needsHandover = ({ lastTurn }: TurnsView, agent: AgentView): boolean =>
  lastTurn !== null && (lastTurn.agent !== agent.name || agent.conversation === null);

interface Told {
  agent: string;
  prompt: string;
  answer: string;
  outcome: string;
  files: string[];
  decisions: string[];
}

/** The turns that `events` (ascending) hold, oldest first. */
function turnsOf(events: readonly SessionEvent[]): Told[] {
  const turns = new Map<string, Told>();
  const prompts = new Map<string, string>();
  const commands = new Map<string, string>();
  for (const event of events) {
    if (event.type === 'turn.queued') prompts.set(event.payload.turnId, event.payload.prompt);
    if (event.type === 'turn.started') {
      const { turnId, agent } = event.payload;
      const prompt = prompts.get(turnId) ?? '';
      turns.set(turnId, { agent, prompt, answer: '', outcome: 'runs', files: [], decisions: [] });
    }
    if (event.type === 'item.completed' && event.payload.kind === 'message' && event.payload.parentId === null) {
      const turn = turns.get(event.payload.turnId);
      if (turn) turn.answer = event.payload.text;
    }
    if (event.type === 'action.requested') {
      const { actionId, tool, command, paths } = event.payload;
      commands.set(actionId, `${event.payload.turnId} ${command ?? `${tool} ${paths.join(' ')}`}`);
    }
    if (event.type === 'action.judged' && event.payload.verdict !== 'allow') {
      const [turnId = '', ...what] = (commands.get(event.payload.actionId) ?? '').split(' ');
      turns.get(turnId)?.decisions.push(`${event.payload.verdict}: ${short(what.join(' '), 200)}`);
    }
    if (event.type === 'turn.completed') {
      const { turnId, status, reason } = event.payload;
      const turn = turns.get(turnId);
      if (turn) turn.outcome = reason === null ? status : `${status}: ${reason}`;
    }
    if (event.type === 'file.changed')
      turns.get(event.payload.turnId)?.files.push(`${event.payload.change} ${event.payload.path}`);
  }
  return [...turns.values()];
}

function paragraph({ agent, prompt, answer, outcome, files, decisions }: Told): string {
  const more = files.length > maxFiles ? `, and ${files.length - maxFiles} more` : '';
  return [
    `## ${agent} (${outcome})`,
    `Asked: ${short(prompt, maxPrompt)}`,
    ...(answer === '' ? [] : [`Answered: ${short(answer, maxAnswer)}`]),
    ...(files.length === 0 ? [] : [`Files: ${files.slice(0, maxFiles).join(', ')}${more}`]),
    ...(decisions.length === 0 ? [] : [`Decisions: ${decisions.slice(-maxDecisions).join('; ')}`]),
  ].join('\n');
}

/** What `agent` is told about turns in `events` that it does not know of, newest kept when it gets long; null without any. */
export function handoverFor(agent: AgentView, events: readonly SessionEvent[]): string | null {
  const turns = turnsOf(events).filter(({ outcome }) => outcome !== 'runs');
  const last = agent.conversation === null ? -1 : turns.findLastIndex((turn) => turn.agent === agent.name);
  const kept: string[] = [];
  let room = maxHandover - 200;
  for (const turn of turns.slice(last + 1).reverse()) {
    const text = paragraph(turn);
    if (text.length > room) break;
    room -= text.length;
    kept.unshift(text);
  }
  if (kept.length === 0) return null;
  return `What was done in this session${last === -1 ? '' : ' since your last turn'}, oldest first. The work is in the files you see.\n\n${kept.join('\n\n')}`;
}
