/** How policy sees files without touching them. The real ones are in facts/; `policy check` lays imagined ones over them. */

export interface FileState {
  kind: 'file' | 'dir' | 'other';
  /** Absolute, every link resolved. */
  real: string;
  /** Equal for two names of one file, whatever they are called. */
  inode: string;
  /** Names that the file has; 1 where nobody else can reach it by another one. */
  links: number;
}

export interface FileView {
  /** What is at an absolute path, links followed; null: nothing there. Never throws. */
  look(path: string): FileState | null;
  /** The absolute path with every link in it resolved, as far as it exists; what does not exist yet is kept as spelled. */
  resolve(path: string): string;
  /** Names in a folder; empty where it is none or cannot be read. */
  list(path: string): readonly string[];
}

/** Where an action would happen, and what the policy in force calls restricted. */
export interface Place {
  /** Absolute. */
  cwd: string;
  /** The folder that agents work in, absolute. */
  base: string;
  /** The effective user's home, absolute. */
  home: string;
  /** Absolute paths and patterns, resolved against `base`: `/srv/project/config/secrets.json`, `/home/ada/.ssh/**`. */
  restricted: readonly string[];
  files: FileView;
}

/** Looks at each path once: what it saw of a path is what it says from then on. */
export function seenOnce(files: FileView): FileView {
  const once = <T>(look: (path: string) => T): ((path: string) => T) => {
    const seen = new Map<string, { found: T }>();
    return (path) => {
      const before = seen.get(path);
      if (before) return before.found;
      const found = look(path);
      seen.set(path, { found });
      return found;
    };
  };
  return {
    look: once((path) => files.look(path)),
    resolve: once((path) => files.resolve(path)),
    list: once((path) => files.list(path)),
  };
}
