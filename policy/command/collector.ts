/** Gathers what a script would do while it is walked, and says no more than its bounds allow. */
import type { ActionFacts, CommandFact, PathEffect } from '#protocol/action-facts.ts';
import { type Place, seenOnce } from '../file-view.ts';
import { globFact, globFolder, holdsRestricted, pathFact, resolvePath, unclearBelow } from '../path.ts';
import { hostOf, looksLikeUrl } from '../url.ts';
import type { Word } from './word.ts';

/** `words`: of one command. `names`: of files in folders that patterns are held against, for all patterns together. */
const limits = {
  commands: 500,
  words: 4_096,
  names: 50_000,
  hosts: 500,
  paths: 1_000,
  requests: 500,
  unclear: 50,
  phrase: 300,
} as const;

export class Collector {
  readonly place: Place;
  #names = 0;
  readonly #facts: ActionFacts = { commands: [], paths: [], hosts: [], requests: [], unclear: [] };

  constructor(place: Place) {
    this.place = { ...place, files: seenOnce(place.files) };
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
    if (word.kind === 'glob' && !this.#isWorthMatching(word.text, cwd))
      return this.unclear('its patterns may match too many files to look at each');
    if (word.kind === 'glob' && this.#mayBeOption(word.text, cwd))
      this.unclear(`${word.source} may be an option: a file is called like one`);
    const fact = (word.kind === 'glob' ? globFact : pathFact)(word.text, effect, cwd, this.place);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what is not ASCII may look like something else
    if (!fact.isInBase && /[^\u0000-\u007f]/.test(word.text)) this.unclear('a path has letters that look like others');
    paths.push({ ...fact, ...(isRedirect && { isRedirect }) });
  }

  /** The first pattern always is: a folder has as many names as are listed of it. */
  #isWorthMatching(pattern: string, cwd: string): boolean {
    if (this.#names > limits.names) return false;
    this.#names += this.place.files.list(globFolder(pattern, cwd)).length;
    return true;
  }

  /** `*` where a file is called `-o`. */
  #mayBeOption(pattern: string, cwd: string): boolean {
    if (!/^[-*?[]/.test(pattern)) return false;
    return pattern.startsWith('-') || this.place.files.list(cwd).some((name) => name.startsWith('-'));
  }

  /** A reader goes through everything below a folder. */
  tree(word: Word, cwds: readonly string[] | null): void {
    this.path(word, 'read', cwds);
    if (word.kind === 'unknown') return;
    for (const cwd of cwds ?? ['/']) this.lookBelow(resolvePath(cwd, word.text));
  }

  /** Something goes through everything below the folder that it stands in. */
  below(cwds: readonly string[] | null): void {
    for (const cwd of cwds ?? ['/']) this.lookBelow(cwd);
  }

  lookBelow(folder: string): void {
    if (this.#facts.paths.length >= limits.paths) return this.unclear('it names too many files to look at each');
    if (this.place.files.look(folder)?.kind === 'file') return;
    if (holdsRestricted(folder, this.place)) this.unclear(unclearBelow(folder));
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
