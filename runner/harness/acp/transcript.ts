/** Updates of an ACP session as items of a turn. Knows no connection. Source: https://agentclientprotocol.com/protocol/tool-calls */
import { resolve } from 'node:path';
import type { SessionUpdate, ToolCallContent, ToolCallUpdate, ToolKind } from '@agentclientprotocol/sdk';
import type { ActionKind, ItemKind, ToolInput } from '#protocol/turn-event.ts';
import { changeText } from '../change-text.ts';
import type { ItemHandle, ProposedAction, TurnSink } from '../harness.ts';
import { readable, requestOf, toolInput } from '../tool-input.ts';
import { type CallInput, inputOf } from './input.ts';

const itemKinds: Partial<Record<ToolKind, ItemKind>> = {
  execute: 'command',
  edit: 'edit',
  delete: 'edit',
  move: 'edit',
};
const actionKinds: Partial<Record<ToolKind, ActionKind>> = {
  execute: 'command',
  edit: 'write',
  delete: 'write',
  move: 'write',
  read: 'read',
  search: 'read',
  fetch: 'network',
};

interface Call {
  item: ItemHandle;
  kind: ToolKind;
  title: string;
  /** Of the tool; null where the agent does not say it. */
  name: string | null;
  /** What it was last told to hold. */
  text: string;
  input: unknown;
  /** The same as the agent told it, not as it asked about it. */
  told: unknown;
  /** Where it works, by the newest input that says so. */
  folder: CallInput['folder'];
  diffs: readonly Diff[];
  locations: readonly string[];
  isDone: boolean;
}

/** A question waits this long for the rest of what is said of its call, in ms. */
const graceMs = 200;

const unsaid = { input: undefined, told: undefined, folder: null, diffs: [], locations: [] };

type Diff = ToolCallContent & { type: 'diff' };
type Streamed = { kind: 'message' | 'reasoning'; item: ItemHandle; text: string };

export class Transcript {
  readonly #sink: TurnSink;
  readonly #cwd: string;
  readonly #calls = new Map<string, Call>();
  /** Called with whatever is said of a call. */
  readonly #told = new Set<() => void>();
  #streamed: Streamed | null = null;
  /** A denial after which the agent has said and done nothing. */
  #untold: string | null = null;

  constructor(sink: TurnSink, cwd: string) {
    this.#sink = sink;
    this.#cwd = cwd;
  }

  update(update: SessionUpdate): void {
    switch (update.sessionUpdate) {
      case 'agent_message_chunk':
        return this.#stream('message', textOf(update.content));
      case 'agent_thought_chunk':
        return this.#stream('reasoning', textOf(update.content));
      case 'tool_call':
      case 'tool_call_update': {
        const call = this.#call(update);
        call.told = update.rawInput ?? call.told;
        for (const look of this.#told) look();
        return;
      }
      default:
        // Plans, modes and whatever a newer agent tells are no items.
        return;
    }
  }

  /** Resolves when what it said of the call is the whole of it, which may come behind its question; at the latest after `graceMs`. */
  whole(toolCall: ToolCallUpdate): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (this.#isWhole(toolCall)) done();
      };
      const timer = setTimeout(done, graceMs);
      const told = this.#told;
      function done() {
        clearTimeout(timer);
        told.delete(look);
        resolve();
      }
      told.add(look);
      look();
    });
  }

  #isWhole(toolCall: ToolCallUpdate): boolean {
    const call = this.#call(toolCall);
    const { command, folder } = inputOf(call.input);
    return folder !== null || call.told === undefined || inputOf(call.told).command === command;
  }

  /** What the agent asks leave for; the call becomes an item if it was none yet. */
  action(toolCall: ToolCallUpdate): ProposedAction {
    const call = this.#call(toolCall);
    const { command, paths } = inputOf(call.input);
    // Some leave out of the question what they said of the call. Where that was not the whole call yet, it is not known.
    const isSure = this.#isWhole(toolCall);
    const cwd = call.folder === null || call.folder === 'unknown' ? this.#cwd : resolve(this.#cwd, call.folder.spelled);
    return {
      kind: actionKinds[call.kind] ?? 'other',
      // A title says what one use is for: the agent words it anew each time.
      ...(call.name === null ? { tool: call.title, toolKind: call.kind } : { tool: call.name }),
      item: call.item,
      command,
      paths: [...new Set([...paths, ...call.locations])],
      cwd,
      input: givenBy(call.input, call.diffs, command),
      ...requestOf(call.input),
      ...((!isSure || call.folder === 'unknown') && { unclear: 'in which folder it runs is not said' }),
      canEdit: false,
    };
  }

  denied({ toolCallId }: ToolCallUpdate, why: string): void {
    this.#untold = `Denied by policy: ${this.#calls.get(toolCallId)?.title ?? 'that'}: ${why}.`;
    this.#finish(toolCallId, 'denied', why);
  }

  /** What the model has not been told, once. */
  takeUntold(): string | null {
    const untold = this.#untold;
    this.#untold = null;
    return untold;
  }

  /** The turn is over: whatever is still open ends with it. */
  end(isWhole: boolean): void {
    this.#flush(isWhole ? 'completed' : 'interrupted');
    for (const [id, call] of this.#calls)
      if (!call.isDone) this.#finish(id, isWhole ? 'completed' : 'interrupted', call.text);
  }

  #stream(kind: Streamed['kind'], text: string): void {
    if (text !== '') this.#untold = null;
    if (this.#streamed?.kind !== kind) {
      this.#flush('completed');
      this.#streamed = { kind, item: this.#sink.item({ kind, title: '' }), text: '' };
    }
    this.#streamed.text += text;
    this.#streamed.item.append(text);
  }

  #flush(status: 'completed' | 'interrupted'): void {
    this.#streamed?.item.complete({ status, text: this.#streamed.text });
    this.#streamed = null;
  }

  #call(update: ToolCallUpdate): Call {
    this.#flush('completed');
    const call = this.#calls.get(update.toolCallId) ?? this.#begin(update);
    if (update.name) call.name = update.name;
    if (update.content) {
      call.text = update.content.map(contentText).join('\n');
      call.diffs = update.content.flatMap((each) => (each.type === 'diff' ? [each] : []));
    }
    if (update.rawInput !== undefined) {
      call.input = update.rawInput;
      call.folder = inputOf(update.rawInput).folder ?? call.folder;
    }
    if (update.locations) call.locations = update.locations.map(({ path }) => path);
    if (update.status === 'completed' || update.status === 'failed')
      this.#finish(update.toolCallId, update.status, call.text);
    return call;
  }

  #begin(update: ToolCallUpdate): Call {
    this.#untold = null;
    const kind = update.kind ?? 'other';
    const title = update.title ?? update.name ?? 'tool';
    const { command, paths } = inputOf(update.rawInput);
    const item = this.#sink.item({ kind: itemKinds[kind] ?? 'tool', title, command, path: paths[0] ?? null });
    const call: Call = { item, kind, title, name: null, text: '', isDone: false, ...unsaid };
    this.#calls.set(update.toolCallId, call);
    return call;
  }

  #finish(id: string, status: 'completed' | 'failed' | 'denied' | 'interrupted', text: string): void {
    const call = this.#calls.get(id);
    if (!call || call.isDone) return;
    call.isDone = true;
    call.item.complete({ status, text });
  }
}

const textOf = (content: { type: string; text?: string }): string =>
  content.type === 'text' ? (content.text ?? '') : '';

/** A diff is shown as one; the review of step 6 works from the files themselves. */
function contentText(content: ToolCallContent): string {
  if (content.type === 'content') return textOf(content.content);
  return content.type === 'diff' ? diffText(content) : '';
}

const diffText = ({ path, oldText, newText }: Diff): string =>
  changeText({ path, before: oldText ?? '', after: newText });

/** A command is shown anyway, and changes are easier to read than the input that says the same. */
function givenBy(input: unknown, diffs: readonly Diff[], command: string | null): ToolInput {
  const whole = { input, diffs: diffs.map(({ path, oldText, newText }) => ({ path, oldText, newText })) };
  if (diffs.length > 0) return toolInput(whole, diffs.map(diffText).join('\n'));
  return toolInput(whole, readable({ input, shown: command === null ? [] : ['command', 'cmd'] }));
}
