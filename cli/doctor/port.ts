/** The check of the port that a server would listen on. Knows of a running server only what it wrote down. */
import { createServer } from 'node:net';
import { findServer } from '../api/address.ts';
import { type Check, failed, messageOf, passed } from './check.ts';

const name = 'port';
const defaultPort = 4100;

/** The port of the server that says it runs here, or null. */
const portOfServer = (env: NodeJS.ProcessEnv): Promise<number | null> =>
  findServer({ ...env, OMNIGENT_URL: '', OMNIGENT_TOKEN: '' }).then(
    ({ url }) => Number(new URL(url).port || 80),
    () => null,
  );

function listen(host: string, port: number): Promise<NodeJS.ErrnoException | null> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', resolve);
    probe.listen(port, host, () => probe.close(() => resolve(null)));
  });
}

export async function checkPort(env: NodeJS.ProcessEnv): Promise<Check> {
  const host = env.OMNIGENT_LISTEN || '127.0.0.1';
  const given = env.PORT || String(defaultPort);
  const port = Number(given);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    return failed(name, `PORT is ${given}`, 'set PORT to a number from 0 to 65535; 0 takes any free one');
  }
  const refused = await listen(host, port);
  if (!refused) return passed(name, port === 0 ? 'any free one' : `${host}:${port} is free`);
  switch (refused.code) {
    case 'EADDRINUSE': {
      if ((await portOfServer(env)) === port) return passed(name, `${host}:${port} is the running server's`);
      const fix = 'end the program that listens there, or set PORT to another one; 0 takes any free one';
      return failed(name, `${host}:${port} is taken`, fix);
    }
    case 'EACCES':
      return failed(name, `${host}:${port} is not yours to take`, 'set PORT to 1024 or more');
    default:
      return failed(name, messageOf(refused), 'set OMNIGENT_LISTEN to an address of this machine');
  }
}
