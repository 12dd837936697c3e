/** Claude Code's stream-json lines as items of a turn. Knows no process. Ignores what it does not know. */
import type { ItemHandle, TurnSink } from '../harness.ts';
import { diffOf, exitCodeOf, resultText, startedItemOf } from './tool.ts';

type Json = Record<string, unknown>;
const asJson = (value: unknown): Json => (typeof value === 'object' && value !== null ? (value as Json) : {});

type Streamed = 'message' | 'reasoning';

const kindOf: Record<string, Streamed> = { text: 'message', thinking: 'reasoning' };

export class Transcript {
  readonly #sink: TurnSink;
  /** Calls that have begun, by the id that the model gave them. */
  readonly #calls = new Map<string, { item: ItemHandle; isDone: boolean }>();
  /** What is being written, by kind and the call that it belongs to; '' for the agent itself. */
  readonly #streamed = new Map<string, ItemHandle>();
  /** The agent's newest message, whole. */
  lastText = '';
  /** The record says that a person interrupted. */
  isCut = false;

  constructor(sink: TurnSink) {
    this.#sink = sink;
  }

  line(line: Json): void {
    const parent = typeof line.parent_tool_use_id === 'string' ? line.parent_tool_use_id : '';
    if (line.type === 'stream_event') this.#event(asJson(line.event), parent);
    else if (line.type === 'assistant') this.#assistant(asJson(line.message), parent);
    else if (line.type === 'user') this.#results(asJson(line.message), line.tool_use_result ?? line.toolUseResult);
  }

  /** A piece of the agent's message as its terminal shows it. */
  shown(text: string, isFirst: boolean): void {
    const item = isFirst ? this.#begin('message', '') : this.#streamed.get('message ');
    item?.append(text);
  }

  /** The item of a call, which may be asked about before or after its line arrives. */
  call(id: string, tool: string, input: Json, parent = ''): ItemHandle {
    const known = this.#calls.get(id);
    if (known) return known.item;
    const item = this.#sink.item({ ...startedItemOf(tool, input), parent: this.#calls.get(parent)?.item ?? null });
    this.#calls.set(id, { item, isDone: false });
    return item;
  }

  denied(id: string, why: string): void {
    this.#finish(id, { status: 'denied', text: why });
  }

  /** Whatever is still open ends with the turn. */
  end(isWhole: boolean): void {
    for (const item of this.#streamed.values()) item.complete({ status: 'interrupted' });
    this.#streamed.clear();
    for (const id of this.#calls.keys()) this.#finish(id, { status: isWhole ? 'completed' : 'interrupted', text: '' });
  }

  #event(event: Json, parent: string): void {
    if (event.type === 'content_block_start') {
      const kind = kindOf[String(asJson(event.content_block).type)];
      if (kind) this.#begin(kind, parent);
    } else if (event.type === 'content_block_delta') {
      const { text, thinking } = asJson(event.delta);
      if (typeof text === 'string') this.#streamed.get(`message ${parent}`)?.append(text);
      if (typeof thinking === 'string') this.#streamed.get(`reasoning ${parent}`)?.append(thinking);
    }
  }

  /** A block that begins while one like it is open means that its call was cut and is made again. */
  #begin(kind: Streamed, parent: string): ItemHandle {
    const key = `${kind} ${parent}`;
    const open = this.#streamed.get(key);
    open?.restart();
    const item = open ?? this.#sink.item({ kind, title: '', parent: this.#calls.get(parent)?.item ?? null });
    this.#streamed.set(key, item);
    return item;
  }

  /** One block of a message, whole. */
  #assistant(message: Json, parent: string): void {
    for (const each of Array.isArray(message.content) ? message.content : []) {
      const block = asJson(each);
      const kind = kindOf[String(block.type)];
      if (kind) this.#whole(kind, String(block.text ?? block.thinking ?? ''), parent);
      else if (block.type === 'tool_use') this.call(String(block.id), String(block.name), asJson(block.input), parent);
    }
  }

  #whole(kind: Streamed, text: string, parent: string): void {
    const item = this.#streamed.get(`${kind} ${parent}`) ?? this.#begin(kind, parent);
    item.complete({ status: 'completed', text });
    this.#streamed.delete(`${kind} ${parent}`);
    if (kind === 'message' && parent === '') this.lastText = text;
  }

  #results(message: Json, result: unknown): void {
    for (const each of Array.isArray(message.content) ? message.content : []) {
      const block = asJson(each);
      if (block.type === 'text' && String(block.text).startsWith('[Request interrupted')) this.isCut = true;
      if (block.type !== 'tool_result') continue;
      const said = resultText(block.content);
      const text = block.is_error === true ? said : (diffOf(result) ?? said);
      const exitCode = exitCodeOf(said);
      this.#finish(String(block.tool_use_id), {
        status: block.is_error === true ? 'failed' : 'completed',
        text,
        exitCode,
      });
    }
  }

  #finish(id: string, end: Parameters<ItemHandle['complete']>[0]): void {
    const call = this.#calls.get(id);
    if (!call || call.isDone) return;
    call.isDone = true;
    call.item.complete(end);
  }
}
