/** The `runners` table: which runner and epoch a session has, its key's hash and its process identity. */
import type { Sql } from '#db/client.ts';
import type { RunnerId, SessionId } from '#protocol/id.ts';

export interface ProcessIdentity {
  pid: number;
  outerPid: number;
  startTicks: number;
}

export interface RunnerRow {
  runnerId: RunnerId;
  epoch: number;
  keyHash: Buffer;
  /** Null until the host has launched it. */
  identity: ProcessIdentity | null;
}

export type Registry = ReturnType<typeof createRegistry>;

export function createRegistry(sql: Sql) {
  return {
    /** Enters a new runner and returns its epoch, larger than any before. Keys of older epochs stop working at once. */
    async begin(sessionId: SessionId, runnerId: RunnerId, keyHash: Buffer): Promise<number> {
      const [row] = await sql`
        insert into runners (session_id, runner_id, epoch, key_hash, updated_at)
        values (${sessionId}, ${runnerId}, 1, ${keyHash}, now())
        on conflict (session_id) do update set runner_id = excluded.runner_id, epoch = runners.epoch + 1,
          key_hash = excluded.key_hash, pid = null, outer_pid = null, start_ticks = null, updated_at = now()
        returning epoch`;
      return Number(row?.epoch);
    },

    async launched(sessionId: SessionId, epoch: number, identity: ProcessIdentity): Promise<void> {
      await sql`update runners set pid = ${identity.pid}, outer_pid = ${identity.outerPid},
        start_ticks = ${identity.startTicks}, updated_at = now() where session_id = ${sessionId} and epoch = ${epoch}`;
    },

    /** True for the key of some session's newest runner. */
    async hasKey(keyHash: Buffer): Promise<boolean> {
      const rows = await sql`select 1 from runners where key_hash = ${keyHash} limit 1`;
      return rows.length > 0;
    },

    async byId(sessionId: SessionId): Promise<RunnerRow | null> {
      const [row] = await sql`select runner_id, epoch, key_hash, pid, outer_pid, start_ticks
        from runners where session_id = ${sessionId}`;
      if (!row) return null;
      const { pid, outer_pid: outerPid, start_ticks: startTicks } = row;
      const identity = pid === null ? null : { pid, outerPid, startTicks: Number(startTicks) };
      return { runnerId: row.runner_id, epoch: row.epoch, keyHash: Buffer.from(row.key_hash), identity };
    },
  };
}
