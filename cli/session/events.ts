/** `omnigent session events`: the log of a session, one event a line. */
import { AppError } from '#protocol/error.ts';
import type { SessionEvent } from '#protocol/event.ts';
import type { Api } from '../api/client.ts';
import { defineCommand } from '../command.ts';
import { printable, write } from '../io.ts';

const pageLimit = 500;

function parseAfter(text: string | undefined): number {
  const after = Number(text ?? '0');
  if (Number.isSafeInteger(after) && after >= 0) return after;
  throw new AppError({ code: 'input.invalid', message: '--after: the number of an event, 0 or more' });
}

/** Everything there is now after `after`, oldest first. */
async function* stored(call: Api['call'], session: string, after: number): AsyncGenerator<SessionEvent> {
  for (let last = after; ; ) {
    const page: SessionEvent[] = await call.session.history.query({ session, after: last, limit: pageLimit });
    yield* page;
    last = page.at(-1)?.seq ?? last;
    if (page.length < pageLimit) return;
  }
}

async function* followed(api: Api, sessionId: string, after: number): AsyncGenerator<SessionEvent> {
  const { followEvents } = await import('../api/follow.ts');
  for await (const event of followEvents({ api, sessionId, after })) {
    yield event;
    if (event.type === 'session.ended') return;
  }
}

const lineOf = (event: SessionEvent): string =>
  `${event.seq}  ${event.at}  ${event.type}  ${printable(JSON.stringify(event.payload))}`;

export const listEvents = defineCommand({
  words: ['session', 'events'],
  summary: 'its log, one event a line; as JSON wherever the output is not a terminal',
  operands: ['SES'],
  options: {
    after: { type: 'string', value: 'N', summary: 'only events after number N (default 0)' },
    follow: { type: 'boolean', summary: 'wait for further ones, until the session ends' },
  },
  async run({ operands, options, isJson, io, connect }) {
    const after = parseAfter(options.after);
    const api = await connect();
    const { view } = await api.call.session.get.query({ session: operands.SES });
    const events = options.follow ? followed(api, view.id, after) : stored(api.call, view.id, after);
    const format = isJson || !io.stdout.isTTY ? JSON.stringify : lineOf;
    for await (const event of events) await write(io.stdout, `${format(event)}\n`);
    return 0;
  },
});
