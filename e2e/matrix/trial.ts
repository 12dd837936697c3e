/** One harness under trial: its session, and the few things that every behaviour does with it. */

import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SessionEvent } from '#protocol/event.ts';
import type { SessionId, TurnId } from '#protocol/id.ts';
import type { Capabilities } from '#runner/harness/index.ts';
import { readProcesses } from '#runner/sandbox/process-table.ts';
import type { Recorded } from '../model/server.ts';
import type { World } from './world.ts';

/** The slowest agent starts within this time on a small machine, in ms. */
const turnMs = 90_000;
/** Between two looks, in ms: looking takes processor time from the agents that are waited for. */
const pollMs = 100;

export async function until<T>(
  what: string,
  check: () => Promise<T> | T,
  ms = turnMs,
): Promise<Exclude<T, null | undefined | false>> {
  for (const deadline = performance.now() + ms; performance.now() < deadline; await sleep(pollMs)) {
    const found = await check();
    if (found) return found as Exclude<T, null | undefined | false>;
  }
  throw new Error(`${what}: not within ${ms / 1000} s`);
}

let count = 0;

export class Trial {
  readonly world: World;
  readonly harness: string;
  readonly capabilities: Capabilities;
  readonly sessionId: SessionId;
  readonly checkout: string;
  /** The face of the same agent that has a terminal; null where it has none, or is that face. */
  readonly face: string | null;
  /** A word that is in nothing else. */
  tag = '';

  private constructor(
    world: World,
    harness: string,
    capabilities: Capabilities,
    session: { sessionId: SessionId; checkout: string },
  ) {
    this.world = world;
    this.harness = harness;
    this.face = harness === 'claude-sdk' ? 'claude-code' : null;
    this.capabilities = capabilities;
    this.sessionId = session.sessionId;
    this.checkout = session.checkout;
  }

  static async open(world: World, harness: string, capabilities: Capabilities, dir = world.repository): Promise<Trial> {
    const session = await world.ada.api.session.create.mutate({ dir, harness, agent: 'subject' });
    return new Trial(world, harness, capabilities, session);
  }

  /** Between behaviours: another word, a model that was asked nothing, a judge that allows. */
  begin(): void {
    count++;
    this.tag = `tag${count}x${process.pid}`;
    this.world.model.forget();
  }

  async ask(prompt: string, more: { model?: string } = {}): Promise<TurnId> {
    const { turnId } = await this.world.ada.api.turn.send.mutate({
      session: this.sessionId,
      prompt,
      agent: 'subject',
      ...more,
    });
    return turnId;
  }

  events(): Promise<SessionEvent[]> {
    return this.world.events(this.sessionId);
  }

  /** How the turn ended. */
  ended(turnId: TurnId) {
    return until('the end of the turn', async () => {
      const events = await this.events();
      const end = events.find((event) => event.type === 'turn.completed' && event.payload.turnId === turnId);
      return end?.type === 'turn.completed' ? end.payload : null;
    });
  }

  /** Asks and waits; throws unless the turn completed. */
  async done(prompt: string, more: { model?: string } = {}): Promise<TurnId> {
    const turnId = await this.ask(prompt, more);
    const { status, reason } = await this.ended(turnId);
    if (status !== 'completed') throw new Error(`the turn ${status}: ${reason}`);
    return turnId;
  }

  /** Requests whose body holds `text`. */
  requests(text: string): Recorded[] {
    return this.world.model.requests.filter(({ body }) => JSON.stringify(body).includes(text));
  }

  async view() {
    return (await this.world.ada.api.session.get.query({ session: this.sessionId })).view;
  }
}

/** Processes of this machine that have exactly this command line. */
export async function pidsOf(command: string): Promise<number[]> {
  const wanted = `${command.replaceAll(' ', '\0')}\0`;
  const lines = await Promise.all(
    (await readProcesses()).map(async ({ pid }) => {
      return { pid, line: await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '') };
    }),
  );
  return lines.flatMap(({ pid, line }) => (line === wanted ? [pid] : []));
}

export const isRunning = async (command: string): Promise<boolean> => (await pidsOf(command)).length > 0;
