/** The journeys of agents: a server whose agents speak to a scripted model. */
import { prepareHome } from '#db/testing-home.ts';
import { test as base } from './fixture.ts';
import { ModelServer } from './model/server.ts';
import { ServerProcess } from './server-process.ts';

/** `environmentOf` says where the server's environment names the model and its key. */
export const withModel = (environmentOf: (model: ModelServer) => Record<string, string>) =>
  base.extend<{ model: ModelServer }>({
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the fixture's needs from this pattern
    model: async ({}, use) => {
      const model = await ModelServer.start(0);
      await use(model);
      await model.close();
    },
    server: async ({ model }, use) => {
      const server = await ServerProcess.start({ env: environmentOf(model), onHome: prepareHome });
      await use(server);
      await server.stop();
    },
  });
