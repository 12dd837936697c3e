/**
 * What is in a checkout, as it was looked at last, and what differs now. Looks at names and their facts, never at contents, and
 * follows no link. Knows no command.
 *
 * A file has changed when its ctime or inode has: nobody can set a ctime. That of a folder tells whether names in it came or went.
 * The work is done in short slices, so that whatever else this process does goes on.
 */
import { lstatSync, readdirSync, type Stats } from 'node:fs';
import { setImmediate as breathe } from 'node:timers/promises';
import { type BytePath, fromText, join, toBytes } from './byte-path.ts';
import { defaultLimits } from './limits.ts';

/** Longest slice, in ms: one key typed meanwhile waits that long. */
const sliceMs = 4;
/** The clock that files get their times from is this coarse, in ms: a folder that changed just now is listed again. */
const coarseMs = 20;

export interface IndexChange {
  /** From the root; bytes that are no text become U+FFFD. */
  path: string;
  change: 'added' | 'modified' | 'deleted';
  /** It came or went as a folder. */
  isFolder: boolean;
  /** Of what is gone, as it was. */
  inode: number;
  /** When, in ms since the epoch; of what is gone, when its folder changed last. */
  at: number;
}

interface Entry {
  /** ctime, ms. */
  at: number;
  mode: number;
  inode: number;
  /** What is in it; null for what is no folder. */
  folder: Folder | null;
}

interface Folder {
  /** Its ctime when it was listed; NaN: it is to be listed again. */
  listedAt: number;
  entries: Map<string, Entry>;
}

const newFolder = (): Folder => ({ listedAt: Number.NaN, entries: new Map() });

/** A folder that is to be looked at: its ctime is what it was when its parent was. */
interface Visit {
  folder: Folder;
  path: BytePath;
  changedAt: number;
  /** When it came here, for one that had not been there: what it holds came with it, however old it is. */
  cameAt: number;
}

/** One look through the checkout. */
interface Look {
  since: number;
  changes: IndexChange[];
  entries: number;
  sliceEnd: number;
  visits: Visit[];
}

/** Of a repository's own folder only what git runs and is told counts. */
const inGit = new Set(['hooks', 'config']);

export class FileIndex {
  readonly #root: BytePath;
  readonly #maxEntries: number;
  readonly #top = newFolder();
  #isKnown = false;
  /** Settles when the newest look is over: there is one at a time. */
  #last: Promise<unknown> = Promise.resolve();

  /** `root` is absolute, without links. */
  constructor(root: string, maxEntries = defaultLimits.files) {
    this.#root = fromText(root);
    this.#maxEntries = maxEntries;
  }

  /**
   * What changed since the last look and not before `since`, in ms since the epoch. `isWhole`: false where there is more than is
   * looked at; nothing is said of the rest. The first look knows what is new by the time it was made, and nothing of what is gone.
   */
  look(since: number): Promise<{ changes: IndexChange[]; isWhole: boolean }> {
    const look = this.#last.then(() => this.#look(since));
    this.#last = look.catch(() => undefined);
    return look;
  }

  async #look(since: number): Promise<{ changes: IndexChange[]; isWhole: boolean }> {
    const sliceEnd = performance.now() + sliceMs;
    const look: Look = { since, changes: [], entries: 0, sliceEnd, visits: [] };
    const facts = factsOf(this.#root);
    if (facts?.isDirectory())
      look.visits.push({ folder: this.#top, path: this.#root, changedAt: facts.ctimeMs, cameAt: 0 });
    for (let visit = look.visits.pop(); visit; visit = look.visits.pop()) {
      for (const name of this.#namesIn(visit, look)) {
        if (++look.entries > this.#maxEntries) return { changes: look.changes, isWhole: false };
        this.#lookAt(name, visit, look);
        if (performance.now() < look.sliceEnd) continue;
        await breathe();
        look.sliceEnd = performance.now() + sliceMs;
      }
    }
    this.#isKnown = true;
    return { changes: look.changes, isWhole: true };
  }

  /** Lists a folder where names in it may have come or gone, and says which are gone. */
  #namesIn(visit: Visit, look: Look): string[] {
    const { folder, path, changedAt } = visit;
    const { entries } = folder;
    if (folder.listedAt === changedAt) return [...entries.keys()];
    const names = listed(path);
    if (!names) return [...entries.keys()];
    const there = new Set(names);
    for (const [name, entry] of entries) {
      if (!there.has(name)) this.#gone(name, entry, visit, look);
    }
    folder.listedAt = Date.now() - changedAt < coarseMs ? Number.NaN : changedAt;
    return names;
  }

  #lookAt(name: string, visit: Visit, look: Look): void {
    const { folder, path } = visit;
    const known = folder.entries.get(name);
    const place = join(path, name);
    const facts = factsOf(place);
    if (!facts) {
      if (known) this.#gone(name, known, { ...visit, changedAt: Date.now() }, look);
      return;
    }
    const isFolder = facts.isDirectory();
    const { ctimeMs, mode, ino: inode } = facts;
    const at = Math.max(ctimeMs, visit.cameAt);
    const isSame = known !== undefined && known.inode === inode && (known.folder !== null) === isFolder;
    if (known?.folder && !isFolder) this.#emptied(known.folder, { ...visit, path: place }, look);
    const below = isFolder ? ((isSame ? known.folder : null) ?? known?.folder ?? newFolder()) : null;
    // Another folder under the same name: whatever it holds is compared name by name.
    if (below && !isSame) below.listedAt = Number.NaN;
    folder.entries.set(name, { at: ctimeMs, mode, inode, folder: below });
    const cameAt = this.#isKnown && !isSame ? at : 0;
    if (below) look.visits.push({ folder: below, path: place, changedAt: ctimeMs, cameAt });
    const isNew = this.#isKnown || facts.birthtimeMs >= look.since;
    const change = changeOf(known, { mode, inode, at: ctimeMs, isFolder, isNew });
    if (change) this.#note(place, change, { isFolder: isFolder && change === 'added', inode, at }, look);
  }

  #gone(name: string, entry: Entry, visit: Visit, look: Look): void {
    const place = join(visit.path, name);
    const { folder, inode } = entry;
    visit.folder.entries.delete(name);
    if (folder) this.#emptied(folder, { ...visit, path: place }, look);
    this.#note(place, 'deleted', { isFolder: folder !== null, inode, at: visit.changedAt }, look);
  }

  #emptied(folder: Folder, visit: Visit, look: Look): void {
    for (const [name, entry] of folder.entries) this.#gone(name, entry, { ...visit, folder }, look);
  }

  #note(
    path: BytePath,
    change: IndexChange['change'],
    facts: Pick<IndexChange, 'isFolder' | 'inode' | 'at'>,
    { since, changes }: Look,
  ): void {
    if (facts.at < since) return;
    changes.push({ path: toBytes(path).toString('utf8', this.#root.length + 1), change, ...facts });
  }
}

interface Now {
  mode: number;
  inode: number;
  at: number;
  isFolder: boolean;
  /** Whoever looks for the first time goes by the time it was made. */
  isNew: boolean;
}

/** A folder has its own times from what is in it: only its rights count. */
function changeOf(known: Entry | undefined, { mode, inode, at, isFolder, isNew }: Now): IndexChange['change'] | null {
  if (!known) return isNew ? 'added' : isFolder ? null : 'modified';
  if ((known.folder !== null) !== isFolder) return 'modified';
  const isSame = isFolder ? known.mode === mode : known.inode === inode && known.at === at;
  return isSame ? null : 'modified';
}

/** What node:fs takes; text where it is the same. */
const toPath = (path: BytePath): string | Buffer => (/[\x80-\xff]/.test(path) ? toBytes(path) : path);

/** What cannot be looked at is not there. */
function factsOf(path: BytePath): Stats | null {
  try {
    return lstatSync(toPath(path), { throwIfNoEntry: false }) ?? null;
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause) return null;
    throw cause;
  }
}

/** Names that count in a folder; null where it cannot be listed. */
function listed(path: BytePath): string[] | null {
  try {
    const names = readdirSync(toPath(path), { encoding: 'latin1' });
    return path.endsWith('/.git') ? names.filter((name) => inGit.has(name)) : names;
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause) return null;
    throw cause;
  }
}
