/** Facts as the language of conditions sees them: what is not known is '' or `*`, never absent. Bounds how often lists are gone through. */
import type { ActionFacts, CommandFact, PathFact } from '#protocol/action-facts.ts';
import { matchForbidden } from '../forbidden.ts';
import { changesUnnamed } from '../open-ended.ts';
import { isLike } from './like.ts';
import { outgoingOf, type Situation } from './situation.ts';

/** Parts of lists that one condition may go through: an agent chooses how long they are, and each may be held against each. */
const maxWork = 50_000;
/** Text that is looked through counts as one part for so many characters. */
const charsPerPart = 100;

/** What is left of it. */
class Work {
  #left = maxWork;

  /** The list, once more. Throws when it is too much. */
  on<T>(list: readonly T[]): readonly T[] {
    this.take(list.length);
    return list;
  }

  take(parts: number): void {
    this.#left -= parts;
    if (this.#left < 0) throw new Error('it touches too much to hold each against each');
  }
}

export class RuleCommand {
  readonly program: string;
  readonly effect: string;
  readonly cwd: string;
  readonly #words: Pick<CommandFact, 'argv' | 'via'>;
  readonly #work: Work;

  constructor({ program, argv, effect, cwd, via }: CommandFact, work: Work) {
    this.program = program;
    this.effect = effect;
    this.cwd = cwd ?? '';
    this.#words = { argv, via };
    this.#work = work;
  }

  get argv(): readonly string[] {
    return this.#work.on(this.#words.argv);
  }

  get via(): readonly string[] {
    return this.#work.on(this.#words.via);
  }
}

export class RulePath {
  readonly path: string;
  readonly real: string;
  readonly effect: string;
  readonly restricted: boolean;
  readonly in_base: boolean;
  readonly exists: boolean;

  constructor({ path, real, effect, restricted, isInBase, exists }: PathFact) {
    this.path = path;
    this.real = real ?? '';
    this.effect = effect;
    this.restricted = restricted;
    this.in_base = isInBase;
    this.exists = exists ?? true;
  }
}

export class RuleRequest {
  readonly method: string;
  readonly url: string;

  constructor({ method, url }: ActionFacts['requests'][number]) {
    this.method = method ?? '*';
    this.url = url;
  }
}

export class RuleFacts {
  readonly open_ended: boolean;
  readonly #situation: Situation;
  #outgoing: string | null = null;
  readonly #facts: ActionFacts;
  readonly #work = new Work();
  readonly #commands: readonly RuleCommand[];
  readonly #paths: readonly RulePath[];
  readonly #requests: readonly RuleRequest[];

  constructor(facts: ActionFacts, situation: Situation) {
    this.#facts = facts;
    this.#situation = situation;
    this.#commands = facts.commands.map((each) => new RuleCommand(each, this.#work));
    this.#paths = facts.paths.map((each) => new RulePath(each));
    this.#requests = facts.requests.map((each) => new RuleRequest(each));
    this.open_ended = facts.commands.some(changesUnnamed);
  }

  get commands(): readonly RuleCommand[] {
    return this.#work.on(this.#commands);
  }

  get paths(): readonly RulePath[] {
    return this.#work.on(this.#paths);
  }

  get requests(): readonly RuleRequest[] {
    return this.#work.on(this.#requests);
  }

  get hosts(): readonly string[] {
    return this.#work.on(this.#facts.hosts);
  }

  get unclear(): readonly string[] {
    return this.#work.on(this.#facts.unclear);
  }

  get installs(): readonly string[] {
    return this.#work.on(this.#facts.installs ?? []);
  }

  get outgoing(): string {
    this.#outgoing ??= outgoingOf(this.#facts, this.#situation);
    this.#work.take(Math.ceil(this.#outgoing.length / charsPerPart));
    return this.#outgoing;
  }

  runs(pattern: string): boolean {
    this.#work.on(this.#commands);
    return matchForbidden(pattern, this.#facts) !== null;
  }

  onlyRuns(patterns: readonly string[]): boolean {
    this.#work.on(this.#commands);
    const { commands, paths, unclear } = this.#facts;
    const isRedirected = paths.some(({ effect, isRedirect }) => isRedirect && effect !== 'read');
    const wanted = patterns.map((pattern) => pattern.trim().split(/\s+/));
    return (
      commands.length > 0 &&
      !isRedirected &&
      unclear.length === 0 &&
      commands.every((each) => wanted.some((words) => begins(each, words)))
    );
  }
}

/** The command is these words, and perhaps further ones; all of them are known. */
const begins = ({ argv, unknown }: CommandFact, words: readonly string[]): boolean =>
  unknown.length === 0 && words.every((word, index) => isLike(argv[index] ?? '\0', word));
