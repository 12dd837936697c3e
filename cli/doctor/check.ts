/** The form of one check. */

/** `fix` says what to do; null where nothing has to be done. */
export interface Check {
  name: string;
  ok: boolean;
  detail: string;
  fix: string | null;
}

export const passed = (name: string, detail: string): Check => ({ name, ok: true, detail, fix: null });
export const failed = (name: string, detail: string, fix: string): Check => ({ name, ok: false, detail, fix });

/** The first line of what was thrown. */
export const messageOf = (cause: unknown): string =>
  cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause);
