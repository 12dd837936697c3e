/** A server whose agents run on a scripted model in this process, and sessions of it followed as a browser does. */
import { ModelServer } from '#e2e/model/server.ts';
import type { ServerProcess } from '#e2e/server-process.ts';
import type { Visitor } from '#e2e/visitor.ts';
import type { SessionEvent } from '#protocol/event.ts';
import type { SessionId } from '#protocol/id.ts';
import { CallSocket } from './call-socket.ts';
import type { Stage } from './stage.ts';

export interface AgentStage {
  model: ModelServer;
  server: ServerProcess;
  ada: Visitor;
  /** Ada's calls without a client library. */
  calls: CallSocket;
  dir: string;
  close(): Promise<void>;
}

/** A server of its own, by default ours, whose model calls go to a scripted provider in this process. */
export async function agentStage(stage: Stage, entry = 'dist/server.js'): Promise<AgentStage> {
  const model = await ModelServer.start(0);
  model.play({ rules: [{ steps: [{ text: 'Hello there.', chunks: 1 }] }] });
  const env = {
    ANTHROPIC_BASE_URL: model.url,
    ANTHROPIC_API_KEY: 'sk-scripted-model',
    OPENAI_BASE_URL: `${model.url}/v1`,
    OPENAI_API_KEY: 'sk-scripted-model',
  };
  const server = await stage.ownServer({ env, entry });
  const ada = await server.signIn('Ada');
  const calls = await CallSocket.open(ada);
  return {
    ...{ model, server, ada, calls, dir: await stage.repository() },
    async close() {
      calls.close();
      await server.stop();
      await model.close();
    },
  };
}

/** Follows a session as a browser does. */
export class Watch {
  readonly #subscriptions: { unsubscribe(): void }[];
  #onEvent: (event: SessionEvent) => void = () => undefined;
  #onText: () => void = () => undefined;

  /** Hears what comes after the event `after`. */
  constructor(ada: Visitor, sessionId: SessionId, after = 0) {
    this.#subscriptions = [
      ada.api.session.events.subscribe(
        { session: sessionId, after },
        { onData: ({ data }) => this.#onEvent(data as SessionEvent) },
      ),
      ada.api.turn.text.subscribe({ session: sessionId }, { onData: () => this.#onText() }),
    ];
  }

  /** Resolves with the time of the next event of this type, on the monotonic clock in ms. */
  next(type: SessionEvent['type']): Promise<number> {
    return new Promise((resolve) => {
      this.#onEvent = (event) => {
        if (event.type === type) resolve(performance.now());
      };
    });
  }

  nextText(): Promise<number> {
    return new Promise((resolve) => {
      this.#onText = () => resolve(performance.now());
    });
  }

  close(): void {
    for (const subscription of this.#subscriptions) subscription.unsubscribe();
  }
}

/** One turn from its prompt to its end. */
export async function askOnce({ ada }: Pick<AgentStage, 'ada'>, session: SessionId, prompt: string): Promise<void> {
  const { view } = await ada.api.session.get.query({ session });
  const watch = new Watch(ada, session, view.lastSeq);
  const done = watch.next('turn.completed');
  await ada.api.turn.send.mutate({ session, prompt });
  await done;
  watch.close();
}
