import type { SessionUpdate, ToolCallContent, ToolCallUpdate } from '@agentclientprotocol/sdk';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ItemHandle, StartedItem, TurnSink } from '../harness.ts';
import { Transcript } from './transcript.ts';

/** What became of one item: how it began, the text on its way, and its ends, of which there must be one. */
interface Seen {
  started: StartedItem;
  text: string;
  ends: Parameters<ItemHandle['complete']>[0][];
}

let items: Seen[];
let transcript: Transcript;

const sink: TurnSink = {
  item(started) {
    const seen: Seen = { started, text: '', ends: [] };
    items.push(seen);
    return {
      append: (more) => {
        seen.text += more;
      },
      restart: () => {
        seen.text = '';
      },
      complete: (end) => void seen.ends.push(end),
    };
  },
  gate: () => Promise.reject(new Error('a transcript asks nothing')),
};

beforeEach(() => {
  items = [];
  transcript = new Transcript(sink, '/tmp');
});

const said = (text: string): SessionUpdate => ({
  sessionUpdate: 'agent_message_chunk',
  content: { type: 'text', text },
});
const thought = (text: string): SessionUpdate => ({
  sessionUpdate: 'agent_thought_chunk',
  content: { type: 'text', text },
});
const call = (more: Partial<ToolCallUpdate> = {}): SessionUpdate => ({
  ...{ sessionUpdate: 'tool_call', toolCallId: 'one', title: 'make test', kind: 'execute' },
  ...(more as object),
});
const change = (more: Partial<ToolCallUpdate>): SessionUpdate => ({
  ...{ sessionUpdate: 'tool_call_update', toolCallId: 'one' },
  ...more,
});
const content = (text: string): ToolCallContent[] => [{ type: 'content', content: { type: 'text', text } }];

function feed(...updates: SessionUpdate[]): void {
  for (const update of updates) transcript.update(update);
}

const kinds = () => items.map(({ started: { kind } }) => kind);
const ends = () => items.map((item) => item.ends);

describe('text', () => {
  it('joins pieces of one kind to one item, and begins another where the kind changes', () => {
    feed(thought('hm'), thought('m'), said('Hello'), said(' there'), thought('so'));
    expect(items.map(({ started: { kind }, text }) => [kind, text])).toEqual([
      ['reasoning', 'hmm'],
      ['message', 'Hello there'],
      ['reasoning', 'so'],
    ]);
    expect(ends()).toEqual([
      [{ status: 'completed', text: 'hmm' }],
      [{ status: 'completed', text: 'Hello there' }],
      [],
    ]);
  });

  it('ends at a call, and what is said after it is another item', () => {
    feed(said('first'), call(), said('second'));
    expect(kinds()).toEqual(['message', 'command', 'message']);
    expect(items[0]?.ends).toEqual([{ status: 'completed', text: 'first' }]);
  });

  it('leaves out what is no text, and updates that are no items', () => {
    feed(
      { sessionUpdate: 'agent_message_chunk', content: { type: 'image', data: 'AA==', mimeType: 'image/png' } },
      { sessionUpdate: 'plan', entries: [] },
      { sessionUpdate: 'current_mode_update', currentModeId: 'code' },
    );
    expect(items.map(({ text }) => text)).toEqual(['']);
  });
});

describe('calls', () => {
  it.each([
    ['execute', 'command'],
    ['edit', 'edit'],
    ['delete', 'edit'],
    ['move', 'edit'],
    ['read', 'tool'],
    ['fetch', 'tool'],
  ] as const)('of kind %s are items of kind %s', (kind, expected) => {
    feed(call({ kind }));
    expect(kinds()).toEqual([expected]);
  });

  it('name their command and their path as agents write them', () => {
    feed(
      call({ toolCallId: 'a', rawInput: { command: 'ls' } }),
      call({ toolCallId: 'b', rawInput: { cmd: 'pwd' } }),
      call({ toolCallId: 'c', rawInput: { command: ['git', 'status'] } }),
      call({ toolCallId: 'd', kind: 'edit', rawInput: { file_path: '/tmp/a' } }),
      call({ toolCallId: 'e', kind: 'edit', rawInput: { filename: 'b', command: 7 } }),
      call({ toolCallId: 'f', kind: 'edit', rawInput: 'nothing of ours' }),
    );
    expect(items.map(({ started: { command, path } }) => [command, path])).toEqual([
      ['ls', null],
      ['pwd', null],
      ['git status', null],
      [null, '/tmp/a'],
      [null, 'b'],
      [null, null],
    ]);
  });

  it('hold what they were told last, and end once', () => {
    feed(
      call({ status: 'pending' }),
      change({ status: 'in_progress', content: content('half') }),
      change({ status: 'completed', content: [...content('whole'), ...content('of it')] }),
      change({ status: 'failed', content: content('too late') }),
    );
    expect(ends()).toEqual([[{ status: 'completed', text: 'whole\nof it' }]]);
  });

  it('that are first heard of in an update are items too', () => {
    feed(change({ title: 'look', status: 'failed', content: content('no such file') }));
    expect(items[0]?.started).toMatchObject({ kind: 'tool', title: 'look' });
    expect(ends()).toEqual([[{ status: 'failed', text: 'no such file' }]]);
  });

  it('show a diff line by line, without the empty line after the last one', () => {
    const diff = { type: 'diff' as const, path: '/tmp/a.txt', oldText: 'one\ntwo\n', newText: 'one\n\nthree\n' };
    feed(call({ kind: 'edit' }), change({ status: 'completed', content: [diff] }));
    expect(items[0]?.ends[0]?.text).toBe('--- /tmp/a.txt\n+++ /tmp/a.txt\n@@\n one\n-two\n+\n+three');
  });

  it('show a new file as added lines alone', () => {
    feed(
      call({ kind: 'edit' }),
      change({ status: 'completed', content: [{ type: 'diff', path: 'n', newText: 'x\n' }] }),
    );
    expect(items[0]?.ends[0]?.text).toBe('+++ n\n+x');
  });
});

describe('asking leave', () => {
  it.each([
    ['execute', 'command'],
    ['edit', 'write'],
    ['delete', 'write'],
    ['read', 'read'],
    ['search', 'read'],
    ['fetch', 'network'],
    ['think', 'other'],
  ] as const)('for a call of kind %s is an action of kind %s', (kind, expected) => {
    expect(transcript.action({ toolCallId: 'one', kind }).kind).toBe(expected);
  });

  it('for a call that is shown already names that item, with what is known by then', () => {
    feed(call({ rawInput: { command: 'make' }, locations: [{ path: '/tmp/Makefile' }] }));
    const action = transcript.action({ toolCallId: 'one', name: 'shell' });
    expect(items).toHaveLength(1);
    expect(action).toMatchObject({ tool: 'shell', command: 'make', paths: ['/tmp/Makefile'], cwd: '/tmp' });
    action.item?.append('here');
    expect(items[0]?.text).toBe('here');
  });

  it('[RUL12] tells rules the name of the tool, or its kind, and never the title that an agent words', () => {
    const named = { toolCallId: 'one', name: 'shell', kind: 'execute' } as const;
    expect(transcript.action({ ...named, title: 'make it' })).toMatchObject({ tool: 'shell' });
    expect(transcript.action({ toolCallId: 'one' })).not.toHaveProperty('toolKind');
    const titled = { toolCallId: 'two', kind: 'fetch', title: 'look it up', rawInput: { url: 'https://a.example' } };
    const action = transcript.action(titled as ToolCallUpdate);
    expect(action).toMatchObject({ tool: 'look it up', toolKind: 'fetch', request: { method: 'GET' } });
  });

  it('for a call that was never shown makes it an item', () => {
    transcript.action({
      toolCallId: 'new',
      title: 'rm -r build',
      kind: 'execute',
      rawInput: { command: 'rm -r build' },
    });
    expect(items[0]?.started).toMatchObject({ kind: 'command', title: 'rm -r build', command: 'rm -r build' });
  });

  it('names a path once, the one of the input first', () => {
    const locations = [{ path: 'b' }, { path: 'a' }];
    const { paths } = transcript.action({ toolCallId: 'one', kind: 'edit', rawInput: { path: 'a' }, locations });
    expect(paths).toEqual(['a', 'b']);
  });

  it.each([
    [['bash', '-c', 'rm -rf /'], "bash -c 'rm -rf /'"],
    [['echo', "it's", '$HOME', '', 'A=1'], `echo 'it'\\''s' '$HOME' '' 'A=1'`],
    [['rm', '-rf', 7], null],
    [[], null],
  ])('[GATE8] for the list of words %j is for what a shell would run as that', (command, expected) => {
    const action = transcript.action({ toolCallId: 'one', kind: 'execute', rawInput: { command } });
    expect(action.command).toBe(expected);
  });

  it.each([[{ command: 'ls', cmd: 'rm -r /' }], [{ command: 'bash', args: ['-c', 'rm -r /'] }]])(
    '[GATE8] for a command that %j does not tell for sure names none',
    (rawInput) => {
      expect(transcript.action({ toolCallId: 'one', kind: 'execute', rawInput }).command).toBeNull();
    },
  );

  it('[GATE11] states the change that it wants to make, and another one otherwise', () => {
    const diff = { type: 'diff' as const, path: '/tmp/a', oldText: 'one\n', newText: 'two\n' };
    const of = (newText: string) =>
      transcript.action({ toolCallId: newText, kind: 'edit', rawInput: {}, content: [{ ...diff, newText }] }).input;
    expect(of('two\n').text).toBe('--- /tmp/a\n+++ /tmp/a\n@@\n-one\n+two');
    expect(of('two\n').digest).toBe(of('two\n').digest);
    expect(of('two').digest).not.toBe(of('two\n').digest);
  });

  it('[GATE11] states what it is given beside its command, and any other input whole', () => {
    const of = (kind: 'execute' | 'fetch', rawInput: unknown) =>
      transcript.action({ toolCallId: JSON.stringify(rawInput), kind, rawInput }).input.text;
    expect(of('execute', { command: 'ls' })).toBe('');
    expect(of('execute', { command: 'ls', timeout: 5 })).toBe('{\n  "timeout": 5\n}');
    expect(of('fetch', { url: 'http://a' })).toBe('{\n  "url": "http://a"\n}');
  });

  describe('in a folder of its own', () => {
    const asked = (rawInput: unknown) => transcript.action({ toolCallId: 'one', kind: 'execute', rawInput });
    const inFolder = (workdir: unknown, command = 'cat a') => change({ rawInput: { command, workdir } });

    it('[GATE9] works there, from where the agent works', () => {
      expect(asked({ command: 'cat a', workdir: 'config' }).cwd).toBe('/tmp/config');
      expect(asked({ command: 'cat a', cwd: '/srv' }).cwd).toBe('/srv');
      expect(asked({ command: 'cat a', workdir: '', cwd: '/srv/b' }).cwd).toBe('/srv/b');
    });

    it('[GATE9] works where the call was said to work when the question leaves that out', () => {
      feed(call({ rawInput: { cwd: '/tmp' } }), inFolder('config'));
      expect(asked({ command: 'cat a' })).toMatchObject({ cwd: '/tmp/config', command: 'cat a' });
      expect(asked({ command: 'cat a' })).not.toHaveProperty('unclear');
    });

    it('[GATE9] is not known where the call was not told whole before, or is no text', () => {
      feed(call({ rawInput: { cwd: '/tmp' } }));
      expect([asked({ command: 'cat a' }), asked({ command: 'cat a' })].map(({ unclear }) => unclear)).toEqual([
        'in which folder it runs is not said',
        'in which folder it runs is not said',
      ]);
      feed(inFolder('config', 'another'));
      expect(asked({ command: 'cat b' })).toHaveProperty('unclear');
      expect(asked({ command: 'cat b', workdir: ['config'] })).toHaveProperty('unclear');
    });
  });

  it('[GATE9] waits for the rest of what is said of its call, and not for long', async () => {
    const question = { toolCallId: 'one', kind: 'execute' as const, rawInput: { command: 'cat a' } };
    await transcript.whole(question);
    feed(call({ rawInput: { cwd: '/tmp' } }));
    const whole = transcript.whole(question);
    feed(change({ rawInput: { command: 'cat a', workdir: 'config' } }));
    await whole;
    expect(transcript.action(question)).toMatchObject({ cwd: '/tmp/config' });
    feed(change({ rawInput: { cwd: '/tmp' } }));
    await transcript.whole({ ...question, rawInput: { command: 'cat b' } });
  });

  it('goes by the newest input that was told', () => {
    feed(call({ rawInput: { command: 'ls' } }), change({ rawInput: { command: 'rm -r /' } }));
    expect(transcript.action({ toolCallId: 'one' }).command).toBe('rm -r /');
  });
});

describe('a denial', () => {
  const deny = () => {
    feed(call({ title: 'rm -r /' }));
    transcript.denied({ toolCallId: 'one' }, 'rules[2]');
  };

  it('ends its item, whatever the agent says of it afterwards', () => {
    deny();
    feed(change({ status: 'failed', content: content('rejected') }));
    expect(ends()).toEqual([[{ status: 'denied', text: 'rules[2]' }]]);
  });

  it('is to be told once where the agent says nothing after it', () => {
    deny();
    expect(transcript.takeUntold()).toBe('Denied by policy: rm -r /: rules[2].');
    expect(transcript.takeUntold()).toBeNull();
  });

  it.each([
    ['says', said('I see')],
    ['does', call({ toolCallId: 'two' })],
  ])('counts as told where the agent %s something after it', (_, update) => {
    deny();
    feed(update);
    expect(transcript.takeUntold()).toBeNull();
  });

  it('is not told by an empty piece of text', () => {
    deny();
    feed(said(''));
    expect(transcript.takeUntold()).not.toBeNull();
  });
});

describe('the end of the turn', () => {
  it('ends whatever is open with it, and nothing twice', () => {
    feed(
      call(),
      change({ status: 'completed' }),
      call({ toolCallId: 'two' }),
      change({ toolCallId: 'two', content: content('half') }),
      said('so'),
    );
    transcript.end(true);
    transcript.end(true);
    expect(ends().map((each) => each.map(({ status, text }) => [status, text]))).toEqual([
      [['completed', '']],
      [['completed', 'half']],
      [['completed', 'so']],
    ]);
  });

  it('interrupts it where the turn was cut', () => {
    feed(call(), said('so'));
    transcript.end(false);
    expect(ends().map(([end]) => end?.status)).toEqual(['interrupted', 'interrupted']);
  });
});
