/** Usage of streamed chat completions: asked for in the body, kept out of the answer. */
import { expect, it } from 'vitest';
import { UsageFilter, withUsageAsked } from './stream-usage.ts';

const asked = (text: string): string | null => {
  const body = Buffer.from(text);
  return withUsageAsked(body, JSON.parse(text))?.toString() ?? null;
};

it('[GWY10] a stream that does not ask for usage asks, with every other byte as it was', () => {
  expect(asked(' {"stream":true, "seed":9007199254740993}')).toBe(
    ' {"stream_options":{"include_usage":true},"stream":true, "seed":9007199254740993}',
  );
});

it('[GWY10] other stream options stay', () => {
  const json = JSON.parse(asked('{"stream":true,"stream_options":{"include_usage":false,"x":1}}') ?? '');
  expect(json).toEqual({ stream: true, stream_options: { include_usage: true, x: 1 } });
  expect(JSON.parse(asked('{"stream":true,"stream_options":null}') ?? '').stream_options.include_usage).toBe(true);
});

it('[GWY10] whoever asks, wants no stream or sends something else is left alone', () => {
  const untouched = [
    '{"stream":true,"stream_options":{"include_usage":true}}',
    '{"stream":false}',
    '{}',
    '[1]',
    'null',
    '{"stream":true,"stream_options":"yes"}',
  ];
  expect(untouched.map(asked)).toEqual(untouched.map(() => null));
});

const text = (content: string) =>
  `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content } }], usage: null })}\n\n`;
const usage = `data: ${JSON.stringify({ choices: [], usage: { prompt_tokens: 3, completion_tokens: 4 } })}\n\n`;
const done = 'data: [DONE]\n\n';

/** What comes out when the stream comes in pieces of `size` bytes. */
function filtered(stream: string, size: number): string {
  const filter = new UsageFilter();
  const bytes = Buffer.from(stream);
  const out: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) out.push(filter.push(bytes.subarray(at, at + size)));
  return Buffer.concat([...out, filter.end()]).toString();
}

it.each([1, 2, 7, 100, 10_000])(
  '[GWY10] the event of usage is left out, and nothing else, in pieces of %i bytes',
  (size) => {
    const said = text('one "usage":{ ✓') + text('two');
    expect(filtered(said + usage + done, size)).toBe(said + done);
    const crlf = (stream: string) => stream.replaceAll('\n', '\r\n');
    expect(filtered(crlf(said + usage + done), size)).toBe(crlf(said + done));
  },
);

it('[GWY10] usage beside a choice, broken events and unfinished lines pass', () => {
  const kept = [
    'data: {"choices":[{"index":0}],"usage":{"prompt_tokens":1}}\n\n',
    'data: {"choices":[],"usage":{\n\n',
    'data: {"choices":[],"prompt_filter_results":[],"usage":null}\n\n',
    'event: error\ndata: {"usage":{"prompt_tokens":1}}\n\n',
    'data: {"choices":[],"usage":{"prompt',
  ].join('');
  expect(filtered(kept, 5)).toBe(kept);
});

it('[GWY10] a line without end is passed on in bounded memory', () => {
  const line = `data: ${'x'.repeat(3 * 1024 * 1024)}\n\n`;
  expect(filtered(line + usage + text('after') + usage, 64 * 1024)).toBe(line + text('after'));
});

it('[GWY10] whole lines are passed on the moment they come', () => {
  const filter = new UsageFilter();
  expect(filter.push(Buffer.from(text('now'))).toString()).toBe(text('now'));
});
