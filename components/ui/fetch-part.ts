/** Parts of the page that are fetched when they are used. Knows no part. */

/** A server that restarts is back in seconds; after this long it is another fault, e.g. a newer build. ms */
const patienceMs = 20_000;
const pauseMs = 500;

/** The bundler's name for a file that did not arrive. */
const isNotFetched = (cause: unknown): boolean => cause instanceof Error && cause.name === 'ChunkLoadError';

/** Calls `load`, and again as long as its files cannot be fetched. Throws what `load` throws when that does not help. */
export async function fetchPart<T>(load: () => Promise<T>): Promise<T> {
  const giveUpAt = Date.now() + patienceMs;
  for (;;) {
    try {
      return await load();
    } catch (cause) {
      if (!isNotFetched(cause) || Date.now() >= giveUpAt) throw cause;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
}
