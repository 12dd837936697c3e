/** `shell` and `write` of a script as a call of whatever tool a request offers for them. Knows no API. */
import { asRecord, type Tool } from './dialect.ts';

export interface Call {
  name: string;
  input: Record<string, unknown> | string;
}

/** Tool names for commands, best first, in lower case without separators. */
const shellNames = ['bash', 'execcommand', 'shell', 'shellcommand', 'runcommand', 'terminal', 'exec'];
const writeNames = ['write', 'writefile', 'createfile'];
const commandFields = ['command', 'cmd', 'script'];
const pathFields = ['file_path', 'filePath', 'path', 'filename'];
const contentFields = ['content', 'contents', 'text'];

const plain = (name: string) => name.toLowerCase().replace(/[^a-z]/g, '');
const byName = (tools: readonly Tool[], names: readonly string[]) =>
  names.map((name) => tools.find((tool) => plain(tool.name) === name)).find((tool) => tool !== undefined);

const fieldsOf = (tool: Tool) => asRecord(tool.schema?.properties);

/** The field of `tool` that takes this; the first wanted name where its schema says nothing. */
const fieldOf = (tool: Tool, wanted: readonly string[]) =>
  wanted.find((name) => name in fieldsOf(tool)) ?? wanted[0] ?? '';

/** What its schema requires beyond the fields that are filled: a text that says what the call does, or nothing. */
function required(tool: Tool, filled: readonly string[]): Record<string, unknown> {
  const names = Array.isArray(tool.schema?.required) ? tool.schema.required : [];
  const missing = names.filter((name): name is string => typeof name === 'string' && !filled.includes(name));
  return Object.fromEntries(missing.map((name) => [name, 'scripted']));
}

const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

/** Null when the request offers nothing that runs commands. */
export function shellCall(tools: readonly Tool[], command: string): Call | null {
  const tool = byName(tools, shellNames);
  if (!tool) return null;
  // A model in code mode writes a program that calls the tool.
  if (tool.schema === null) {
    return {
      name: tool.name,
      input: `const r = await tools.exec_command(${JSON.stringify({ cmd: command })});\ntext(r.output);`,
    };
  }
  const field = fieldOf(tool, commandFields);
  const isList = asRecord(fieldsOf(tool)[field]).type === 'array';
  const value = isList ? ['bash', '-lc', command] : command;
  return { name: tool.name, input: { ...required(tool, [field]), [field]: value } };
}

const patch = (path: string, content: string) =>
  `*** Begin Patch\n*** Add File: ${path}\n${content
    .replace(/\n$/, '')
    .split('\n')
    .map((line) => `+${line}`)
    .join('\n')}\n*** End Patch`;

/** Null when the request offers neither a tool for files nor one for commands. */
export function writeCall(tools: readonly Tool[], { path, content }: { path: string; content: string }): Call | null {
  const tool = byName(tools, writeNames);
  if (tool) {
    const [pathField, contentField] = [fieldOf(tool, pathFields), fieldOf(tool, contentFields)];
    const filled = { [pathField]: path, [contentField]: content };
    return { name: tool.name, input: { ...required(tool, Object.keys(filled)), ...filled } };
  }
  const patchTool = byName(tools, ['applypatch']);
  if (patchTool) {
    const input = patch(path, content);
    return { name: patchTool.name, input: patchTool.schema === null ? input : { input } };
  }
  return shellCall(tools, `printf %s ${quoted(content)} > ${quoted(path)}`);
}
