/** An action in its own words, the same wherever it is named. Pure. */

export interface NamedAction {
  tool: string;
  command: string | null;
  paths: readonly string[];
}

/** `git push`, or `Write src/a.ts`. As it was asked: what does not show in it is not named yet. */
export const actionText = ({ command, tool, paths }: NamedAction): string =>
  command ?? `${tool} ${paths.join(' ')}`.trim();
