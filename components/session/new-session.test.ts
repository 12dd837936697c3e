import { expect, it } from 'vitest';
import { checkNewSession, problemsOf, recentFolders, unsentWords } from './new-session.ts';

const form = {
  dir: '/src/app',
  workspace: '',
  name: '',
  harness: '',
  prompt: '',
  program: '',
  includeChanges: true,
  hasNoSandbox: false,
};

it('[WEB5] asks for a session with a folder and no more', () => {
  expect(checkNewSession({ ...form, dir: ' /src/app ', program: 'htop -d 10' })).toEqual({
    ok: true,
    input: { dir: '/src/app', includeChanges: true, command: ['htop', '-d', '10'], wait: false },
    prompt: null,
  });
  expect(checkNewSession({ ...form, name: ' rates ' })).toMatchObject({ input: { name: 'rates', command: null } });
});

it('[WEB5] takes a workspace file beside the folder, in it, or alone', () => {
  const inputOf = (more: Partial<typeof form>) => {
    const checked = checkNewSession({ ...form, ...more });
    return checked.ok ? checked.input : checked.problems;
  };
  expect(inputOf({ workspace: './omnigent.yaml' })).toMatchObject({
    dir: '/src/app',
    workspace: '/src/app/omnigent.yaml',
  });
  expect(inputOf({ workspace: '/etc/rules.yaml' })).toMatchObject({ dir: '/src/app', workspace: '/etc/rules.yaml' });
  expect(inputOf({ dir: '', workspace: '/src/app/omnigent.yaml' })).toMatchObject({
    workspace: '/src/app/omnigent.yaml',
  });
  expect(inputOf({ dir: '', workspace: 'omnigent.yaml' })).toMatchObject({ dir: expect.stringContaining('folder') });
});

it('[WEB5] says at each field what to fix', () => {
  expect(checkNewSession({ ...form, dir: '' })).toMatchObject({ problems: { dir: expect.stringContaining('folder') } });
  expect(checkNewSession({ ...form, dir: 'src/app', program: '"' })).toMatchObject({
    problems: { dir: expect.stringContaining('whole path'), program: expect.stringContaining('partner') },
  });
});

it('[WEB5] puts the server’s refusal at the field it is about', () => {
  const refuse = (code: Parameters<typeof problemsOf>[0]['code']) =>
    problemsOf({ code, message: 'why', isRetryable: false });
  expect(refuse('source.invalid')).toEqual({ dir: 'why' });
  expect(refuse('workspace.invalid')).toEqual({ workspace: 'why' });
  expect(refuse('session.conflict')).toEqual({ name: 'why' });
  expect(refuse('launch.failed')).toEqual({ form: 'why' });
  const message = 'Dir: no such folder on this machine.';
  expect(problemsOf({ code: 'source.invalid', message, isRetryable: false })).toEqual({
    dir: 'No such folder on this machine.',
  });
});

it('[WEB5] remembers the folders of earlier sessions once each, newest first', () => {
  const at = (source: string, day: number) => ({ source, createdAt: `2026-11-0${day}T00:00:00Z` });
  expect(recentFolders([at('/a', 1), at('/b', 3), at('/a', 5)])).toEqual(['/a', '/b']);
});

it('[WEB5] says of a first prompt that was not sent why, and of one without an answer that nobody knows', () => {
  expect(unsentWords({ code: 'rate.exceeded', message: 'Too many.', isRetryable: true })).toContain(
    'not sent: Too many.',
  );
  const silent = unsentWords({ code: 'server.unreachable', message: 'No answer from the server.', isRetryable: true });
  expect(silent).toContain('before you send it again');
});
