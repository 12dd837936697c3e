/**
 * The network of a session's sandbox: loopback only, shared by all of its programs, and one listener in it that this process
 * serves from outside. Nothing else of this process is in there.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import type { Server as TcpServer } from 'node:net';
import { type Account, asAccount } from './account.ts';
import type { Tools } from './tools.ts';

/** Where the agent port answers in every sandbox. */
export const sandboxPort = 4180;
/** A namespace is there within some 50 ms; longer than this, in ms, means the machine is stuck. */
const openMs = 10_000;

export interface SandboxNetwork {
  /** Listens in the namespace on 127.0.0.1:4180; for `server.listen`. */
  listener: TcpServer;
  /** Absolute paths of the user namespace and the network namespace, as this process can open them. */
  user: string;
  net: string;
  close(): void;
}

/** Runs in the namespace just long enough to listen there and hand the listener over. */
const listenInside = `
const server = require('node:net').createServer();
server.listen(${sandboxPort}, '127.0.0.1', () => process.send(process.pid, server));
process.on('message', () => process.exit(0));
`;

function spawnInside({ bwrap, setpriv }: Tools, account: Account | null): ChildProcess {
  const { uid = process.getuid?.(), gid = process.getgid?.() } = account ?? {};
  const ids = ['--uid', String(uid), '--gid', String(gid)];
  // Without --dev: it would put a second user namespace between ours and that of the network.
  const apart = ['--dev-bind', '/', '/', '--unshare-user', ...ids, '--unshare-net', '--die-with-parent', '--'];
  const [file = bwrap, ...args] = [
    ...asAccount(account, setpriv),
    bwrap,
    ...apart,
    process.execPath,
    '-e',
    listenInside,
  ];
  return spawn(file, args, {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: {} as unknown as NodeJS.ProcessEnv,
    cwd: '/',
    timeout: openMs,
    killSignal: 'SIGKILL',
  });
}

/** Throws an Error with bubblewrap's own words where there can be no such network. */
export async function openNetwork(tools: Tools, account: Account | null): Promise<SandboxNetwork> {
  const child = spawnInside(tools, account);
  let complaint = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    complaint = (complaint + chunk.toString()).slice(-400);
  });
  const [pid, listener] = await new Promise<[number, TcpServer]>((resolve, reject) => {
    child.once('message', (said, handle) => resolve([Number(said), handle as TcpServer]));
    child.once('error', reject);
    child.once('exit', (code, signal) =>
      reject(new Error(`no network for the sandbox: ${complaint.trim() || (signal ?? `exit ${code}`)}`)),
    );
  });
  // Held open, they keep the namespaces when nobody is in them any more.
  const user = openSync(`/proc/${pid}/ns/user`, 'r');
  const net = openSync(`/proc/${pid}/ns/net`, 'r');
  child.send('done');
  const held = (fd: number) => `/proc/${process.pid}/fd/${fd}`;
  return {
    listener,
    user: held(user),
    net: held(net),
    close() {
      listener.close();
      closeSync(user);
      closeSync(net);
    },
  };
}
