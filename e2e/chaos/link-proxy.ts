/** A loopback wire between runners and the server that can be cut and mended. Knows no protocol. */
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** `silent`: bytes stop and nobody is told (a pulled cable); `reset`: connections break and new ones are refused. */
export type CutKind = 'silent' | 'reset';

interface Pair {
  near: Socket;
  far: Socket | null;
}

export class LinkProxy {
  readonly #server: Server;
  readonly #target: number;
  readonly #pairs = new Set<Pair>();
  #cut: CutKind | null = null;

  private constructor(server: Server, target: number) {
    this.#server = server;
    this.#target = target;
    server.on('connection', (near) => this.#accept(near));
  }

  /** Forwards a free port to `target` on 127.0.0.1. */
  static async open(target: number): Promise<LinkProxy> {
    const server = createServer({ pauseOnConnect: true });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new LinkProxy(server, target);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  cut(kind: CutKind): void {
    this.#cut = kind;
    for (const pair of this.#pairs) {
      if (kind === 'reset') {
        pair.near.destroy();
        pair.far?.destroy();
      } else {
        pair.near.unpipe().pause();
        pair.far?.unpipe().pause();
      }
    }
  }

  /** Everything that waited goes on, as TCP's own resends would make it. */
  mend(): void {
    this.#cut = null;
    for (const pair of this.#pairs) {
      if (pair.near.destroyed || pair.far?.destroyed) this.#end(pair);
      else this.#join(pair);
    }
  }

  async close(): Promise<void> {
    this.#cut = 'reset';
    for (const pair of this.#pairs) this.#end(pair);
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #accept(near: Socket): void {
    near.on('error', () => undefined);
    if (this.#cut === 'reset') {
      near.destroy();
      return;
    }
    const pair: Pair = { near, far: null };
    this.#pairs.add(pair);
    near.on('close', () => this.#closed(pair));
    if (this.#cut === null) this.#join(pair);
  }

  /** Through a silent cut neither end hears of the other's. */
  #closed(pair: Pair): void {
    if (this.#cut !== 'silent') this.#end(pair);
  }

  #end(pair: Pair): void {
    this.#pairs.delete(pair);
    pair.near.destroy();
    pair.far?.destroy();
  }

  #join(pair: Pair): void {
    if (!pair.far) {
      pair.far = connect(this.#target, '127.0.0.1');
      pair.far.on('error', () => undefined);
      pair.far.on('close', () => this.#closed(pair));
    }
    pair.near.pipe(pair.far);
    pair.far.pipe(pair.near);
  }
}
