/** Which paths of a source are restricted: names and patterns as the policy resolves them, held against paths of its tree. */
import { realpath } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { isNamed, isPattern, isWithin, patternToRegExp } from '#policy/path.ts';
import { type BytePath, parentOf, toBytes } from '../byte-path.ts';

/** The folder that everything a pattern means lies in. Absolute. */
const rootOf = (name: string): string =>
  isPattern(name) ? name.slice(0, name.search(/[*?]/)).replace(/\/[^/]*$/, '') || '/' : name;

/** `path` with the links on its way resolved, as far as it is there. */
async function resolveLinks(path: string): Promise<string> {
  const real = await realpath(path).catch(() => null);
  if (real !== null || path === '/') return real ?? path;
  return join(await resolveLinks(dirname(path)), basename(path));
}

/** A name as it is written, and as it is where its folders are links; a link and what it leads to are both meant. */
async function spellingsOf(name: string): Promise<string[]> {
  const root = rootOf(name);
  const real = await resolveLinks(root);
  const beside = join(await resolveLinks(dirname(root)), basename(root));
  const rest = name.slice(root === '/' ? 0 : root.length);
  return [name, `${real === '/' ? '' : real}${rest}`, ...(rest === '' ? [beside] : [])];
}

export class Restriction {
  readonly #top: string;
  readonly #names: readonly string[];

  private constructor(top: string, names: readonly string[]) {
    this.#top = top;
    this.#names = names;
  }

  /** `top` is a real path; of `restricted` (absolute) counts what lies in it, or may. */
  static async of(top: string, restricted: readonly string[]): Promise<Restriction> {
    const names = new Set((await Promise.all(restricted.map(spellingsOf))).flat());
    const isNear = (name: string) => isWithin(rootOf(name), top) || isWithin(top, rootOf(name));
    return new Restriction(top, [...names].filter(isNear).sort());
  }

  /** Nothing in the tree can be restricted. */
  get isEmpty(): boolean {
    return this.#names.length === 0;
  }

  /** Tells one set of restricted paths from another. */
  get key(): string {
    return JSON.stringify(this.#names);
  }

  /** `path`, relative to the top and empty for the top itself, is restricted or lies in what is, whatever its case. */
  covers(path: BytePath): boolean {
    const place = this.#placeOf(path);
    return this.#names.some((name) => isNamed(place, name));
  }

  /** Something in the folder `path` is restricted, or may be. */
  mayHold(path: BytePath): boolean {
    const place = this.#placeOf(path);
    return this.#names.some((name) => {
      const root = rootOf(name);
      return isNamed(place, name) || isWithin(root, place) || (isPattern(name) && isWithin(place, root));
    });
  }

  /** Names and patterns that begin in the tree, relative to the top. */
  get namesInside(): string[] {
    return this.#names.filter((name) => this.#isInside(name)).map((name) => relative(this.#top, name));
  }

  /** Every name begins in the tree; another may be anywhere. */
  get isAllInside(): boolean {
    return this.#names.every((name) => this.#isInside(name));
  }

  /** One of the names that `says` accepts means `path` as it is written: neither another case of it nor another spelling. */
  isSpelledOut(path: BytePath, says: (name: string) => boolean): boolean {
    const names = this.#names.filter((name) => this.#isInside(name) && says(name));
    const matchers = names.map((name) => (isPattern(name) ? patternToRegExp(name) : name));
    for (let at = path; at !== ''; at = parentOf(at)) {
      const place = this.#placeOf(at);
      if (matchers.some((name) => (typeof name === 'string' ? name === place : name.test(place)))) return true;
    }
    return false;
  }

  #isInside(name: string): boolean {
    return isWithin(rootOf(name), this.#top);
  }

  #placeOf(path: BytePath): string {
    return path === '' ? this.#top : `${this.#top}/${toBytes(path).toString('utf8')}`;
  }
}
