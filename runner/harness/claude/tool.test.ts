import { describe, expect, it } from 'vitest';
import { inputOf } from './tool.ts';

describe('what a tool of Claude Code is given', () => {
  it.each([
    ['Write', { file_path: '/a', content: 'one\ntwo\n' }, '+++ /a\n+one\n+two'],
    [
      'Edit',
      { file_path: '/a', old_string: 'one', new_string: 'two', replace_all: true },
      '--- /a\n+++ /a\n@@\n-one\n+two\n{\n  "replace_all": true\n}',
    ],
    ['Write', { file_path: '/a', content: 7 }, '{\n  "file_path": "/a",\n  "content": 7\n}'],
    ['Bash', { command: 'ls' }, ''],
    ['Bash', { command: 'ls', run_in_background: true }, '{\n  "run_in_background": true\n}'],
    ['mcp__x__y', { command: 'ls' }, '{\n  "command": "ls"\n}'],
  ])('[GATE11] to %s, %j, is shown whole', (tool, input, text) => {
    expect(inputOf(tool, input).text).toBe(text);
  });
});
