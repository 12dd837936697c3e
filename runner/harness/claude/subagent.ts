/**
 * Agents that Claude Code started, as it keeps them beside its own record: `subagents/agent-ID.meta.json` names the call that
 * began one, `agent-ID.jsonl` is that one's record. Internal files of the CLI: whatever is missing is not known.
 */
import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import { RecordFile } from './record.ts';

const metaSchema = z.object({ toolUseId: z.string() });
/** Part of a file name. */
const idPattern = /^[\w-]{1,100}$/;

const fileOf = (transcriptPath: string, agentId: string, ending: string): string | null =>
  idPattern.test(agentId) ? `${transcriptPath.replace(/\.jsonl$/, '')}/subagents/agent-${agentId}.${ending}` : null;

/** Id of the call that began an agent; '' where that is not known (yet). */
export async function beginningOf(transcriptPath: string, agentId: string): Promise<string> {
  const file = fileOf(transcriptPath, agentId, 'meta.json');
  const text = file === null ? '' : await readFile(file, 'utf8').catch(() => '');
  try {
    return metaSchema.parse(JSON.parse(text)).toolUseId;
  } catch {
    return '';
  }
}

/** The record of one agent that was started, followed from its first line. */
export class SubagentRecord {
  readonly #transcriptPath: string;
  readonly #agentId: string;
  readonly #record: RecordFile | null;
  #beginning = '';

  constructor(transcriptPath: string, agentId: string) {
    this.#transcriptPath = transcriptPath;
    this.#agentId = agentId;
    const file = fileOf(transcriptPath, agentId, 'jsonl');
    this.#record = file === null ? null : RecordFile.fromBeginning(file);
  }

  /** What was added since the last call, as lines that name the call they belong to. */
  async read(): Promise<Record<string, unknown>[]> {
    if (this.#beginning === '') this.#beginning = await beginningOf(this.#transcriptPath, this.#agentId);
    if (this.#beginning === '') return [];
    const lines = (await this.#record?.read()) ?? [];
    return lines.map((line) => ({ ...line, parent_tool_use_id: this.#beginning }));
  }
}
