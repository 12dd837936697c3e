/** Gathers what a script would do while it is walked, and says no more than its bounds allow. */
import type { ActionFacts, CommandFact, PathEffect } from '#protocol/action-facts.ts';
import { strayBelow } from '../below.ts';
import { type Place, seenOnce } from '../file-view.ts';
import { globFact } from '../glob.ts';
import { holdsRestricted, pathFact, resolvePath, unclearBelow } from '../path.ts';
import { hostOf, looksLikeUrl } from '../url.ts';
import type { Word } from './word.ts';

/** `words`: of one command. `depth`: names in one path. `names`: of files in folders that patterns are held against, for all patterns together. */
const limits = {
  ...{ commands: 500, words: 4_096, paths: 1_000, depth: 200, names: 50_000, folders: 1_000 },
  ...{ hosts: 500, requests: 500, unclear: 50, phrase: 300 },
} as const;
/** Nodes of syntax trees that are walked for one command. */
const maxSteps = 20_000;

export class Collector {
  readonly place: Place;
  readonly #facts: ActionFacts = { commands: [], paths: [], hosts: [], requests: [], unclear: [] };

  #steps = 0;
  #folders = 0;
  readonly #budget = { names: limits.names };

  constructor(place: Place) {
    this.place = { ...place, files: seenOnce(place.files) };
  }

  /** One node more is walked; false: they are too many, and whoever walks stops. */
  step(): boolean {
    if (++this.#steps <= maxSteps) return true;
    this.unclear('it is too long to look at all of it');
    return false;
  }

  get facts(): ActionFacts {
    return this.#facts;
  }

  /** Nothing about it may be taken for granted. */
  unclear(phrase: string): void {
    const text = phrase.replace(/[\p{C}\p{Surrogate}]+/gu, '?').slice(0, limits.phrase);
    const { unclear } = this.#facts;
    if (unclear.length < limits.unclear && !unclear.includes(text)) unclear.push(text);
  }

  command(fact: CommandFact): void {
    if (this.#facts.commands.length >= limits.commands)
      return this.unclear('it runs too many commands to look at each');
    this.#facts.commands.push(fact);
    if (fact.argv.length <= limits.words) return;
    this.unclear('it gives a program too many words to look at each');
    fact.argv = fact.argv.slice(0, limits.words);
    fact.unknown = fact.unknown.filter((index) => index < limits.words);
  }

  /** A word that a program may open, from each folder that it may run in. */
  path(word: Word, effect: PathEffect, cwds: readonly string[] | null, isRedirect = false): void {
    if (word.kind === 'unknown') {
      this.unclear(`which file ${word.source} names is known only when it runs`);
      return;
    }
    if (cwds === null && !word.text.startsWith('/')) {
      this.unclear(`in which folder ${word.source} is looked for is not known`);
      return;
    }
    for (const cwd of cwds ?? ['/']) this.#pathFrom(word, effect, { cwd, isRedirect });
  }

  #pathFrom(word: Word, effect: PathEffect, { cwd, isRedirect }: { cwd: string; isRedirect: boolean }): void {
    const { paths } = this.#facts;
    if (paths.length >= limits.paths) return this.unclear('it names too many files to look at each');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what does not show is not compared
    if (/[\u0000-\u001f\u007f]|\p{Cf}|\p{Surrogate}/u.test(word.text)) {
      this.unclear('a path holds characters that do not show');
      return;
    }
    if (word.text.split('/').length + cwd.split('/').length > limits.depth)
      return this.unclear('a path is longer than any that is looked at');
    if (word.kind === 'glob' && this.#mayBeOption(word.text, cwd))
      this.unclear(`${word.source} may be an option: a file is called like one`);
    const { fact, problem } =
      word.kind === 'glob'
        ? globFact(word.text, { effect, cwd, place: this.place, budget: this.#budget })
        : { fact: pathFact(word.text, effect, cwd, this.place), problem: null };
    if (problem !== null) this.unclear(problem);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what is not ASCII may look like something else
    if (!fact.isInBase && /[^\u0000-\u007f]/.test(word.text)) this.unclear('a path has letters that look like others');
    paths.push({ ...fact, ...(isRedirect && { isRedirect }) });
  }

  /** `*` where a file is called `-o`. */
  #mayBeOption(pattern: string, cwd: string): boolean {
    if (!/^[-*?[]/.test(pattern)) return false;
    return pattern.startsWith('-') || this.place.files.list(cwd).some((name) => name.startsWith('-'));
  }

  /** Where words are no files, those that a pattern stands for are said all the same. */
  names(word: Word, cwds: readonly string[] | null): void {
    if (word.kind === 'glob') this.path(word, 'list', cwds);
  }

  /** A reader goes through everything below a folder; `isFollowing`: and through links in it. */
  tree(word: Word, cwds: readonly string[] | null, isFollowing = false): void {
    this.path(word, 'read', cwds);
    if (word.kind === 'unknown') return;
    for (const cwd of cwds ?? ['/']) {
      const folders =
        word.kind === 'glob'
          ? globFact(word.text, { effect: 'read', cwd, place: this.place, budget: this.#budget }).matches
          : [resolvePath(cwd, word.text)];
      for (const folder of folders) this.lookBelow(folder, isFollowing);
    }
  }

  /** Something goes through everything below the folder that it stands in. */
  below(cwds: readonly string[] | null): void {
    for (const cwd of cwds ?? ['/']) this.lookBelow(cwd);
  }

  lookBelow(folder: string, isFollowing = false): void {
    if (++this.#folders > limits.folders) return this.unclear('it goes through too many folders to look at each');
    if (this.place.files.look(folder)?.kind === 'file') return;
    if (holdsRestricted(folder, this.place)) return this.unclear(unclearBelow(folder));
    const stray = strayBelow(folder, this.place, isFollowing);
    if (stray !== null) this.unclear(stray);
  }

  /** A word that names a place in the network. False: it does not look like one. */
  request(word: Word, method: string | null): boolean {
    if (word.kind === 'unknown') {
      if (!/:\/\/|www\./.test(word.source)) return false;
      this.host('*');
      this.unclear(`which address ${word.source} names is known only when it runs`);
      return true;
    }
    if (!looksLikeUrl(word.text)) return false;
    const file = /^file:\/\/(?:localhost)?(\/.*)$/i.exec(word.text)?.[1];
    if (file !== undefined) this.path({ ...word, text: file }, 'read', ['/']);
    this.#request(word.text, method);
    return true;
  }

  #request(url: string, method: string | null): void {
    if (this.#facts.requests.length < limits.requests) this.#facts.requests.push({ method, url: url.slice(0, 2_000) });
    else this.unclear('it speaks to too many addresses to look at each');
    this.host(hostOf(url) ?? '*');
  }

  /** An address that its program takes without a scheme. */
  address(text: string, method: string | null): void {
    if (/^file:/i.test(text)) {
      this.request({ text, kind: 'literal', source: text }, method);
      return;
    }
    this.#request(looksLikeUrl(text) ? text : `http://${text}`, method);
  }

  host(host: string): void {
    const { hosts } = this.#facts;
    if (hosts.includes(host)) return;
    if (hosts.length < limits.hosts || host === '*') hosts.push(host.slice(0, 300));
    else this.host('*');
  }
}
