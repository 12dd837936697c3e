/** The in-process bus against the contract of every bus. */
import { createBus } from './bus.ts';
import { testBus } from './contract.ts';

testBus('in process', async () => {
  const errors: unknown[] = [];
  return {
    bus: createBus((error) => errors.push(error)),
    errors,
    settle: async () => undefined,
    close: async () => undefined,
  };
});
