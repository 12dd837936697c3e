/** What Claude Code asks before each tool call, passed to the gate, and the answer in the words that it understands. */
import type { TurnSink } from '../harness.ts';
import { requestOf } from '../tool-input.ts';
import { beginningOf } from './subagent.ts';
import { actionKindOf, commandOf, hookInputSchema, inputOf, pathOf } from './tool.ts';
import type { Transcript } from './transcript.ts';

export interface ClaudeTurn {
  sink: TurnSink;
  transcript: Transcript;
  abort: AbortController;
}

const decision = (permissionDecision: 'allow' | 'deny', permissionDecisionReason: string, updatedInput?: object) => ({
  hookSpecificOutput: {
    hookEventName: 'PreToolUse',
    permissionDecision,
    permissionDecisionReason,
    ...(updatedInput && { updatedInput }),
  },
});

/** What the CLI is told, and the command that may now run; null where none may. */
export interface ToolAnswer {
  said: object;
  command: string | null;
}

/** Without a turn nothing may happen. Throws on anything that is no hook input: then the CLI blocks the call. */
export async function askGate(
  body: unknown,
  turn: ClaudeTurn | null,
  cwd: string,
  gone: AbortSignal,
): Promise<ToolAnswer> {
  const input = hookInputSchema.parse(body);
  if (!turn) return { said: decision('deny', 'no turn of this session runs'), command: null };
  const { tool_name: tool, tool_input: fields, tool_use_id: id, agent_id: agentId, transcript_path: record } = input;
  const parent = agentId !== undefined && record !== undefined ? await beginningOf(record, agentId) : '';
  const item = id === undefined ? null : turn.transcript.call(id, tool, fields, parent);
  const path = pathOf(fields);
  const command = commandOf(tool, fields);
  const proposed = {
    ...{ kind: actionKindOf(tool), tool, item, command, cwd: input.cwd ?? cwd },
    paths: path === null ? [] : [path],
    input: inputOf(tool, fields),
    ...requestOf(fields),
    canEdit: command !== null,
  };
  const answer = await turn.sink.gate(proposed, AbortSignal.any([turn.abort.signal, gone]));
  if (answer.verdict === 'deny') {
    if (id !== undefined) turn.transcript.denied(id, answer.message);
    return { said: decision('deny', answer.message), command: null };
  }
  if (answer.command === null) return { said: decision('allow', 'allowed'), command };
  return {
    said: decision('allow', 'allowed as changed', { ...fields, command: answer.command }),
    command: answer.command,
  };
}
