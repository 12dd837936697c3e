/** The bus interface and its in-process implementation; knows no topic's meaning. */

/**
 * `Topics` maps each topic to its message, e.g. `{ sessions: SessionView; [topic: `session:${string}`]: SessionEvent }`.
 * Each noun exports the map of what it publishes; the server's bus carries their intersection.
 */
export interface Bus<Topics> {
  /** Delivers to everyone subscribed now, in the order they subscribed, before it returns. Messages are not copied. */
  publish<Topic extends keyof Topics & string>(topic: Topic, message: Topics[Topic]): void;
  /** Calls `listener` for each later message until the returned function is called; calling that twice is harmless. */
  subscribe<Topic extends keyof Topics & string>(topic: Topic, listener: (message: Topics[Topic]) => void): () => void;
}

/**
 * A bus within this process. A listener that throws does not keep a message from the others: its error goes to
 * `onError`. One that subscribes during a delivery does not get that message, one that leaves gets nothing more.
 */
export function createBus<Topics>(onError: (error: unknown, topic: string) => void): Bus<Topics> {
  const topics = new Map<string, Set<{ listener: (message: never) => void }>>();
  return {
    publish(topic, message) {
      const subscriptions = topics.get(topic);
      if (!subscriptions) return;
      for (const subscription of [...subscriptions]) {
        if (!subscriptions.has(subscription)) continue;
        try {
          subscription.listener(message as never);
        } catch (error) {
          onError(error, topic);
        }
      }
    },
    subscribe(topic, listener) {
      const subscriptions = topics.get(topic) ?? new Set();
      const subscription = { listener };
      subscriptions.add(subscription);
      topics.set(topic, subscriptions);
      return () => {
        subscriptions.delete(subscription);
        if (subscriptions.size === 0 && topics.get(topic) === subscriptions) topics.delete(topic);
      };
    },
  };
}
