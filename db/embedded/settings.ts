/** The Postgres settings of the embedded cluster and which of them may be changed; knows nothing of processes. */
import { AppError } from '#protocol/error.ts';

/** Every setting we pass, with the default that won the measurements. Postgres refuses to start on an unknown name. */
const defaults = {
  // A socket file only: nothing on the network can even try.
  listen_addresses: '',
  unix_socket_permissions: '0700',
  max_connections: '30',
  shared_buffers: '128MB',
  // Acked means on disk; batching in the log buys more than turning these off would.
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_wal_size: '1GB',
  min_wal_size: '80MB',
  checkpoint_timeout: '15min',
  // Three worker processes fewer than the default; our reads are cached point lookups.
  io_method: 'sync',
  jit: 'off',
  idle_in_transaction_session_timeout: '10s',
  TimeZone: 'UTC',
  log_timezone: 'UTC',
  lc_messages: 'C',
  log_min_messages: 'warning',
  // A repeated dedupe key is an error to Postgres and everyday to us: its statement would fill the log.
  log_min_error_statement: 'panic',
  log_checkpoints: 'off',
} as const;

export type SettingName = keyof typeof defaults;
export type Settings = Partial<Record<SettingName, string>>;

/** Command-line arguments for `postgres`. Throws `input.invalid` on a name that is not one of ours. */
export function settingArgs(changes: Settings): string[] {
  const unknown = Object.keys(changes).filter((name) => !Object.hasOwn(defaults, name));
  if (unknown.length > 0) {
    throw new AppError({ code: 'input.invalid', message: `unknown database setting: ${unknown.join(', ')}` });
  }
  return Object.entries({ ...defaults, ...changes }).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}
