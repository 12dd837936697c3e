/** The check of the server: none running is fine, one that does not answer is not. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { findHome } from '../api/address.ts';
import { failureOf } from '../failure.ts';
import { type Check, failed, passed } from './check.ts';

const name = 'server';
/** A server that takes longer hangs, in ms. */
const patienceMs = 5_000;

export async function checkServer(env: NodeJS.ProcessEnv): Promise<Check> {
  const isRemote = Boolean(env.OMNIGENT_URL && env.OMNIGENT_TOKEN);
  if (!isRemote && !existsSync(join(findHome(env), 'server.json'))) {
    return passed(name, 'not running; `npm start` starts it');
  }
  try {
    const { connect } = await import('../api/client.ts');
    const { call, find } = await connect(env);
    const person = await call.person.me.query(undefined, { signal: AbortSignal.timeout(patienceMs) });
    const { url } = await find();
    return passed(name, `${url} answers, you are ${person.name} (${person.role})`);
  } catch (cause) {
    return failed(name, failureOf(cause).message, 'start it again with `npm start`; its last lines say why it stopped');
  }
}
