/** The turns of a runner with an agent that the test plays. */
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { AppError } from '#protocol/error.ts';
import { type NewEvent, parsePayload } from '#protocol/event.ts';
import { newId, type TurnId } from '#protocol/id.ts';
import { maxItemText } from '#protocol/turn-event.ts';
import type { AgentPort } from './agent-port.ts';
import { egressEnvironment } from './egress/index.ts';
import type { Gate } from './gate.ts';
import type {
  Agent,
  AgentOptions,
  AgentProcess,
  AgentTerminal,
  Harness,
  TurnEnd,
  TurnSink,
} from './harness/harness.ts';
import { toolInput } from './harness/tool-input.ts';
import type { Delta } from './text-stream.ts';
import { TurnSet } from './turn-set.ts';

const ids = { now: () => Date.now(), random: (bytes: Uint8Array) => void crypto.getRandomValues(bytes) };

/** One agent: what it was started with, and the turn that it works on. */
class Played implements Agent {
  readonly options: AgentOptions;
  conversation: string | null;
  readonly pid = 7;
  sink: TurnSink | null = null;
  end: (end: TurnEnd) => void = () => undefined;
  isClosed = false;

  constructor(options: AgentOptions) {
    this.options = options;
    this.conversation = options.conversation ?? 'new';
  }

  turn(_: string, sink: TurnSink): Promise<TurnEnd> {
    this.sink = sink;
    asked++;
    return new Promise((resolve) => {
      this.end = resolve;
    });
  }

  async steer(): Promise<void> {}

  async interrupt(): Promise<void> {
    this.end({ status: 'interrupted', reason: null });
  }

  async close(): Promise<void> {
    this.isClosed = true;
    this.end({ status: 'failed', reason: 'closed' });
  }
}

let facts: Pick<NewEvent, 'type' | 'payload'>[];
let deltas: Delta[];
/** What reached the gate. */
let gated: Parameters<Gate['ask']>[0][];
let agents: Played[];
/** Turns that agents were asked for. */
let asked: number;
let failure: Error | null;
/** Agents start when this is resolved. */
let held: Promise<void>;
const kill = vi.fn<AgentProcess['kill']>();
/** Ends the program of the agent that was started last. */
let die: () => void;
const spawned = (): AgentProcess => {
  const ended = new Promise<string>((resolve) => {
    die = () => resolve('SIGKILL');
  });
  return { kill, ended, pid: 7 } as unknown as AgentProcess;
};
let turns: TurnSet;
/** What may write waits for this. */
let mayWrite: Promise<void>;
let begun: TurnId[];

beforeEach(() => {
  facts = [];
  deltas = [];
  gated = [];
  agents = [];
  asked = 0;
  failure = null;
  held = Promise.resolve();
  kill.mockClear();
  mayWrite = Promise.resolve();
  begun = [];
  const start = async (options: AgentOptions) => {
    await held;
    if (failure) throw failure;
    await options.launcher.spawn([], { API_URL: '' }, { cwd: '/' });
    agents.push(new Played(options));
    return agents.at(-1) as Agent;
  };
  turns = new TurnSet({
    ...{
      ids,
      cwd: Promise.resolve('/checkout'),
      env: {},
      homeOf: async () => '/home',
      log: () => undefined,
      onEnd: () => undefined,
      onBegin: (turnId) => void begun.push(turnId),
      onStarted: () => undefined,
      mayWrite: () => mayWrite,
    },
    port: {
      admit: () => ({
        url: '',
        token: '',
        programToken: '',
        hasKey: async () => true,
        credentialRoutes: async () => [],
        onPost: () => undefined,
      }),
      revoke: () => undefined,
    } as unknown as AgentPort,
    gate: {
      async ask(action) {
        gated.push(action);
        return { verdict: 'allow', command: null };
      },
    },
    passed: ['PATH', 'HOME'],
    launcher: { spawn: async () => spawned() },
    harnessOf: async (type) =>
      ({
        ...{ family: type.split(':')[0], npm: null, startsEarly: type !== 'late:one', start },
        capabilities: { gate: type.startsWith('open:') ? 'agent-chosen' : 'every-action' },
      }) as unknown as Harness,
    openTerminal: async () => spawned() as unknown as AgentTerminal,
    state: (fact) => void facts.push(fact),
    send: (delta) => void deltas.push(delta),
  });
});

const soon = (check: () => void) => vi.waitFor(check, { timeout: 2_000, interval: 2 });
const of = (type: string) =>
  facts.filter((fact) => fact.type === type).map(({ payload }) => payload as Record<string, unknown>);

async function begin(more: { model?: string; harness?: string } = {}): Promise<{ turnId: TurnId; agent: Played }> {
  const turnId = newId('turn', ids);
  const before = asked;
  const agent = { name: 'coder', harness: more.harness ?? 'fake:one', model: more.model ?? null };
  turns.start({ turnId, agent, prompt: 'do it', conversation: null });
  await soon(() => expect(asked).toBe(before + 1));
  return { turnId, agent: agents.at(-1) as Played };
}

describe('turns of a runner', () => {
  it('[TRN9] the first text goes at once, what follows together, and a new link gets all of it again', async () => {
    const { turnId, agent } = await begin();
    const item = agent.sink?.item({ kind: 'message', title: '' });
    item?.append('Hello');
    expect(deltas).toMatchObject([{ turnId, offset: 0, text: 'Hello' }]);
    for (const word of [' there', ', how', ' are you']) item?.append(word);
    await soon(() => expect(deltas).toHaveLength(2));
    expect(deltas[1]).toMatchObject({ offset: 5, text: ' there, how are you' });
    turns.resume();
    expect(deltas[2]).toMatchObject({ offset: 0, text: 'Hello there, how are you' });
    item?.restart();
    item?.append('Anew');
    item?.complete({ status: 'completed', text: 'Anew.' });
    item?.complete({ status: 'failed' });
    item?.append('late');
    expect(of('item.completed')).toMatchObject([{ status: 'completed', text: 'Anew.' }]);
  });

  it('[GATE10] what an item is about is kept as far as the log takes it', async () => {
    const { agent } = await begin();
    const command = `${'x'.repeat(32_767)}\u{1f600}`;
    agent.sink?.item({ kind: 'command', title: 'x', command, path: 'a\0b\udc00' });
    const [started] = of('item.started');
    expect(parsePayload('item.started', started).payload).toMatchObject({ path: 'a␀b\ufffd' });
  });

  it('[GATE11] an action is asked about with the names of what its agent finds in its environment', async () => {
    const { agent, turnId } = await begin();
    const input = toolInput({ command: 'ls' }, '');
    const action = { kind: 'command', tool: 'shell', item: null, command: 'ls', paths: [], cwd: '/', input } as const;
    await agent.sink?.gate({ ...action, canEdit: false }, new AbortController().signal);
    const proxy = Object.keys(egressEnvironment('', null));
    const env = ['API_URL', 'HOME', 'OMNIGENT_AGENT', 'PATH', ...proxy].sort();
    expect(gated).toMatchObject([{ agent: 'coder', turnId, env, input }]);
  });

  it('[TRN12] an agent that is expected starts at once, and the turn that comes meanwhile gets that one', async () => {
    let release: () => void = () => undefined;
    held = new Promise((resolve) => {
      release = resolve;
    });
    const expected = turns.expect({ name: 'coder', harness: 'fake:one', model: null }, 'kept');
    await new Promise(setImmediate);
    const begun = begin();
    release();
    await expected;
    const { agent } = await begun;
    expect(agents).toEqual([agent]);
    expect(agent.conversation).toBe('kept');
    await turns.expect({ name: 'other', harness: 'late:one', model: null }, null);
    expect(agents).toHaveLength(1);
  });

  it('[TRN12] an expected agent that does not start is no news; the turn that wants it says why', async () => {
    failure = new AppError({ code: 'launch.failed', message: 'not there' });
    await expect(turns.expect({ name: 'coder', harness: 'fake:one', model: null }, null)).rejects.toThrow('not there');
    expect(facts).toEqual([]);
    failure = null;
    await begin();
    expect(agents).toHaveLength(1);
  });

  it('[TRN12] an agent that ended before it was asked is started anew, on the conversation that the log knows', async () => {
    await turns.expect({ name: 'coder', harness: 'fake:one', model: null }, 'kept');
    (agents[0] as Played).conversation = 'never asked';
    die();
    await new Promise(setImmediate);
    const { agent } = await begin();
    expect(agents).toHaveLength(2);
    expect(agent.options.conversation).toBeNull();
    agent.end({ status: 'completed', reason: null });
    await soon(() => expect(of('turn.completed')).toMatchObject([{ conversation: 'new' }]));
  });

  it('[TRN12] what an agent that still starts has begun is ended with the others', async () => {
    let release: () => void = () => undefined;
    held = new Promise((resolve) => {
      release = resolve;
    });
    const expected = turns.expect({ name: 'coder', harness: 'fake:one', model: null }, null);
    await new Promise(setImmediate);
    await turns.closeAll();
    release();
    await expected;
    expect(kill).toHaveBeenCalledWith('SIGKILL');
  });

  it('[TRN2] one turn runs; the newest one repeated changes nothing, and one that is early waits', async () => {
    const { turnId, agent } = await begin();
    const request = { agent: { name: 'coder', harness: 'fake:one', model: null }, prompt: 'x', conversation: null };
    turns.start({ ...request, turnId });
    const next = newId('turn', ids);
    turns.start({ ...request, turnId: next });
    expect(turns.newest).toBe(next);
    agent.end({ status: 'completed', reason: null });
    await soon(() =>
      expect(of('turn.completed')).toMatchObject([{ turnId, status: 'completed', conversation: 'new' }]),
    );
    await soon(() => agent.end({ status: 'completed', reason: null }));
    await soon(() => expect(of('turn.completed').map((each) => each.turnId)).toEqual([turnId, next]));
    expect(agents).toHaveLength(1);
  });

  it('[TRN2] an interrupted turn says by whom, and what it left open ends with it', async () => {
    const { turnId, agent } = await begin();
    agent.sink?.item({ kind: 'command', title: 'shell sleep' });
    await turns.interrupt(turnId, 'interrupted by Ada');
    await soon(() =>
      expect(of('turn.completed')).toMatchObject([{ status: 'interrupted', reason: 'interrupted by Ada' }]),
    );
    expect(of('item.completed')).toMatchObject([{ status: 'interrupted' }]);
    await turns.interrupt(turnId, 'again');
  });

  it('[TRN2] an agent that had to be killed to be interrupted is started anew by the next turn', async () => {
    const { turnId, agent } = await begin();
    agent.interrupt = async () => agent.end({ status: 'failed', reason: 'it ended (SIGKILL)' });
    await turns.interrupt(turnId, 'interrupted by Ada');
    await soon(() =>
      expect(of('turn.completed')).toMatchObject([{ status: 'interrupted', reason: 'interrupted by Ada' }]),
    );
    expect(agent.isClosed).toBe(true);
    expect((await begin()).agent).not.toBe(agent);
  });

  it('[TRN2] an agent whose terminal ended between two turns is started anew by the next one', async () => {
    const { agent } = await begin();
    await agent.options.openTerminal([], {});
    agent.end({ status: 'completed', reason: null });
    await soon(() => expect(of('turn.completed')).toHaveLength(1));
    die();
    await soon(() => expect(agent.isClosed).toBe(true));
    expect((await begin()).agent).not.toBe(agent);
  });

  it('[HRN3] an agent that cannot start fails its turn with the reason, and the next one tries anew', async () => {
    failure = new Error('broken');
    turns.start({
      turnId: newId('turn', ids),
      agent: { name: 'coder', harness: 'fake:one', model: null },
      prompt: 'x',
      conversation: null,
    });
    await soon(() =>
      expect(of('turn.completed')).toMatchObject([{ status: 'failed', reason: expect.stringMatching(/log/) }]),
    );
    failure = null;
    const { agent } = await begin();
    expect(agent.isClosed).toBe(false);
  });

  it('[TRN4] another model starts the agent anew on its conversation, another family on a new one', async () => {
    const { agent } = await begin();
    agent.end({ status: 'completed', reason: null });
    await soon(() => expect(of('turn.completed')).toHaveLength(1));
    const { agent: second } = await begin({ model: 'm-2' });
    expect([agent.isClosed, second.options.conversation, second.options.model]).toEqual([true, 'new', 'm-2']);
    second.end({ status: 'completed', reason: null });
    await soon(() => expect(of('turn.completed')).toHaveLength(2));
    const { agent: third } = await begin({ harness: 'other:two' });
    expect(third.options.conversation).toBeNull();
  });

  it('text that the log cannot hold is made to fit, and names in the checkout are told from there', async () => {
    const { agent } = await begin();
    const item = agent.sink?.item({ kind: 'command', title: 'Read /checkout/a/b.ts', path: '/checkout/a/b.ts' });
    item?.complete({ status: 'completed', text: `a\0b\ud800${'x'.repeat(2 * maxItemText)}` });
    const [done] = of('item.completed');
    expect(done).toMatchObject({ title: 'Read a/b.ts', path: 'a/b.ts' });
    expect(String(done?.text)).toMatch(/^a␀b\ufffdx/);
    expect(String(done?.text).length).toBeLessThanOrEqual(maxItemText);
  });

  it('[TRN10] a turn that a person begins in the terminal is stated, and none while another runs', async () => {
    const { agent } = await begin();
    expect(agent.options.begin('typed')).toBeNull();
    agent.end({ status: 'completed', reason: null });
    await soon(() => expect(of('turn.completed')).toHaveLength(1));
    const begun = agent.options.begin('typed');
    expect(of('turn.begun')).toMatchObject([{ agent: 'coder', prompt: 'typed' }]);
    begun?.end({ status: 'completed', reason: null });
    await soon(() => expect(of('turn.completed')).toHaveLength(2));
  });

  it('[TRN14] what came before is read while the agent works already; one that does not ask about everything is not asked before', async () => {
    let read = (): void => undefined;
    mayWrite = new Promise((resolve) => {
      read = resolve;
    });
    const { turnId, agent } = await begin();
    expect(begun).toEqual([turnId]);
    agent.end({ status: 'completed', reason: null });
    await soon(() => expect(of('turn.completed')).toHaveLength(1));
    mayWrite = new Promise((resolve) => {
      read = resolve;
    });
    const next = newId('turn', ids);
    turns.start({
      turnId: next,
      agent: { name: 'other', harness: 'open:one', model: null },
      prompt: 'x',
      conversation: null,
    });
    await soon(() => expect(agents).toHaveLength(2));
    expect([asked, begun]).toEqual([1, [turnId, next]]);
    read();
    await soon(() => expect(asked).toBe(2));
  });

  it('[TRN7] stopping closes every agent, and the turn that runs ends', async () => {
    const { agent } = await begin();
    await turns.closeAll();
    expect(agent.isClosed).toBe(true);
    await soon(() =>
      expect(of('turn.completed')).toMatchObject([{ status: 'interrupted', reason: 'the session was stopped' }]),
    );
  });
});
