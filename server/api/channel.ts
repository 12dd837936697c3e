/** What carries a caller's requests: how many streams it may hold, and when it can take the next item. */
import { AppError } from '#protocol/error.ts';

/** Streams that one connection may hold open. */
const maxStreams = 100;

export class Channel {
  readonly #room: () => Promise<void>;
  readonly #mayStream: boolean;
  #streams = 0;

  /** `room` resolves when the next item can be taken. `mayStream`: false where a stream would be an effect of a GET. */
  constructor(options: { room: () => Promise<void>; mayStream: boolean }) {
    this.#room = options.room;
    this.#mayStream = options.mayStream;
  }

  /** Passes a stream's items on, each when there is room. Throws `rate.exceeded`, `auth.forbidden`. */
  async *carry<T>(items: AsyncIterable<T>): AsyncGenerator<T> {
    if (!this.#mayStream) {
      throw new AppError({ code: 'auth.forbidden', message: 'streams over HTTP need a bearer token: use /ws/events' });
    }
    if (this.#streams >= maxStreams) {
      throw new AppError({ code: 'rate.exceeded', message: `at most ${maxStreams} streams on one connection` });
    }
    this.#streams++;
    try {
      for await (const item of items) {
        await this.#room();
        yield item;
      }
    } finally {
      this.#streams--;
    }
  }
}
