import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestServer, type TestServer, tab, type Visitor } from './testing.ts';

let server: TestServer;
let ada: Visitor;
beforeAll(async () => {
  server = await openTestServer();
  ada = await server.signIn();
});
afterAll(() => server.close());
describe('x', () => {
  it('opens', async () => {
    const socket = await server.socket('/ws/events', tab(server, ada)).opened();
    socket.send(JSON.stringify({ id: 1, method: 'query', params: { path: 'person.me' } }));
    await expect.poll(() => socket.json).toMatchObject([{ id: 1, result: { data: { name: 'ada' } } }]);
  });
});
