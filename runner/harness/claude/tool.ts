/** Tool calls of Claude Code in our terms: what they are, what they touch, and what they printed. Pure. */
import * as z from 'zod';
import type { ActionKind, ItemKind, ToolInput } from '#protocol/turn-event.ts';
import { changeText } from '../change-text.ts';
import type { StartedItem } from '../harness.ts';
import { readable, toolInput } from '../tool-input.ts';

export const hookInputSchema = z.object({
  tool_name: z.string(),
  tool_input: z.record(z.string(), z.unknown()),
  tool_use_id: z.string().optional(),
  cwd: z.string().optional(),
  /** Of the agent that this one started and that calls. */
  agent_id: z.string().optional(),
  transcript_path: z.string().optional(),
});

const kinds: Record<string, { item: ItemKind; action: ActionKind }> = {
  Bash: { item: 'command', action: 'command' },
  Read: { item: 'tool', action: 'read' },
  Glob: { item: 'tool', action: 'read' },
  Grep: { item: 'tool', action: 'read' },
  Edit: { item: 'edit', action: 'write' },
  Write: { item: 'edit', action: 'write' },
  NotebookEdit: { item: 'edit', action: 'write' },
  WebFetch: { item: 'tool', action: 'network' },
  WebSearch: { item: 'tool', action: 'network' },
};

const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);

export const actionKindOf = (tool: string): ActionKind =>
  kinds[tool]?.action ?? (tool.startsWith('mcp__') ? 'mcp' : 'other');

/** The file a call names; null when it names none. */
export const pathOf = (input: Record<string, unknown>): string | null =>
  textOf(input.file_path) ?? textOf(input.notebook_path) ?? textOf(input.path);

export const commandOf = (tool: string, input: Record<string, unknown>): string | null =>
  tool === 'Bash' ? textOf(input.command) : null;

/** All that a call gives its tool. */
export function inputOf(tool: string, input: Record<string, unknown>): ToolInput {
  const { file_path: file, content, old_string: before, new_string: after } = input;
  const path = textOf(file) ?? '';
  const shown = ['file_path', 'content', 'old_string', 'new_string'];
  if (commandOf(tool, input) !== null) return toolInput(input, readable({ input, shown: ['command'] }));
  if (tool === 'Write' && typeof content === 'string') {
    const change = changeText({ path, before: '', after: content });
    return toolInput(input, readable({ input, shown, changes: [change] }));
  }
  if (tool === 'Edit' && typeof before === 'string' && typeof after === 'string') {
    const change = changeText({ path, before, after, isPart: true });
    return toolInput(input, readable({ input, shown, changes: [change] }));
  }
  return toolInput(input, readable({ input }));
}

export function startedItemOf(tool: string, input: Record<string, unknown>): StartedItem {
  const command = commandOf(tool, input);
  const path = pathOf(input);
  const subject = command ?? path ?? textOf(input.pattern) ?? textOf(input.description) ?? '';
  return { kind: kinds[tool]?.item ?? 'tool', title: `${tool} ${subject}`.trim(), command, path };
}

/** Text of a tool's result: a string, or the text parts of a list. */
export function resultText(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content.map((part: { text?: unknown }) => textOf(part?.text) ?? '').join('\n');
}

export const exitCodeOf = (text: string): number | null => {
  const code = /^Exit code (\d+)/.exec(text)?.[1];
  return code === undefined ? null : Number(code);
};

interface Hunk {
  oldStart: number;
  oldLines: number;
  newStart: number;
  newLines: number;
  lines: string[];
}

/** The unified diff that an edit reports; null where it reports none. */
export function diffOf(result: unknown): string | null {
  const { structuredPatch, filePath, content } = (result ?? {}) as Record<string, unknown>;
  const name = textOf(filePath) ?? '';
  if (Array.isArray(structuredPatch) && structuredPatch.length > 0) {
    const hunks = (structuredPatch as Hunk[]).map(
      ({ oldStart, oldLines, newStart, newLines, lines }) =>
        `@@ -${oldStart},${oldLines} +${newStart},${newLines} @@\n${lines.join('\n')}`,
    );
    return [`--- ${name}`, `+++ ${name}`, ...hunks].join('\n');
  }
  const written = textOf(content);
  return written === null
    ? null
    : [
        `+++ ${name}`,
        ...written
          .replace(/\n$/, '')
          .split('\n')
          .map((line) => `+${line}`),
      ].join('\n');
}
