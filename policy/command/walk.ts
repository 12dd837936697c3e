/** Walks the tree of a script: what runs, in which folder, with which words and files. Allows only what it knows. */
import { assignmentsOf, loopVariables } from './assignment.ts';
import type { Input } from './call.ts';
import type { Collector } from './collector.ts';
import { assigned, declare, hasArrays } from './declaration.ts';
import { dispatch, maxDepth, type Running } from './dispatch.ts';
import { foundBy, passesLines } from './found.ts';
import { Functions } from './function.ts';
import { hiddenIn } from './hidden.ts';
import { acting, blocks, inTurn, isCompared, keyOf, loops, quiet, redirectionsOf, words } from './node-kind.ts';
import { inputOf, redirect } from './redirect.ts';
import type { Node, ShellSyntax } from './syntax.ts';
import { type Cwds, either, enter, isSame, stay, type Where } from './where.ts';
import { type Known, readWord, readWords, type Scope, type Word } from './word.ts';

/** Statements in statements, and functions that call functions: deeper ones are not looked at. */
const maxNesting = 100;
/** Loops over more words are looked at once. */
const maxRounds = 8;
/** What these run, they run in the shell itself. */
const inShell = /^(?:command|builtin|time|eval)$/;
const runsFunctions = /^(?:time|eval|coproc)$/;

class Walk {
  readonly #syntax: ShellSyntax;
  readonly #collector: Collector;
  readonly #text: string;
  readonly #via: readonly string[];
  readonly #variables: Map<string, Known>;
  readonly #looped: ReadonlySet<string>;
  readonly #functions: Functions;
  readonly #hasArrays: boolean;
  readonly #seen = new Set<string>();
  #depth = 0;
  /** Text that the shell runs itself moved it, or defined something. */
  #isMarked = false;

  constructor(options: {
    syntax: ShellSyntax;
    collector: Collector;
    text: string;
    via: readonly string[];
    root: Node;
  }) {
    const { root, text, collector, via } = options;
    this.#syntax = options.syntax;
    this.#collector = collector;
    this.#text = text;
    this.#via = via;
    this.#variables = assignmentsOf(root, text, collector.place.home);
    this.#looped = loopVariables(root);
    this.#hasArrays = hasArrays(root);
    const isForeign = via.some((program) => !/^(?:r?bash|eval)$/.test(program));
    this.#functions = new Functions({ root, isForeign, wordsOf: (node) => this.#wordsOf(node, null) });
  }

  /** Walks all of it; true when it moves or defines functions. What was not come by, however the tree is built, is not understood. */
  script(root: Node, cwds: Cwds): boolean {
    const { after } = this.statement(root, cwds);
    const missed = root.descendantsOfType(acting).find((node) => node && !this.#seen.has(keyOf(node)));
    if (missed) this.#collector.unclear(`${missed.type.replaceAll('_', ' ')} stands where it is not looked into`);
    return !isSame(after, cwds) || !this.#functions.isEmpty;
  }

  /** Walks one statement; answers where the shell may be after it. */
  statement(node: Node, cwds: Cwds, input: Input = { kind: 'none' }): Where {
    if (!this.#collector.step()) return stay(null);
    if (this.#depth >= maxNesting) {
      this.#collector.unclear('it is nested too deeply');
      return stay(null);
    }
    this.#depth += 1;
    const where = this.#kindOf(node, cwds, input);
    this.#depth -= 1;
    return where;
  }

  #kindOf(node: Node, cwds: Cwds, input: Input): Where {
    const { type } = node;
    if (type === 'command') return this.#command(node, cwds, input);
    if (type === 'list') return this.#list(node, cwds);
    if (type === 'pipeline') return this.#pipeline(node, cwds, input);
    if (type === 'redirected_statement') {
      const [body, redirections] = [node.childForFieldName('body'), redirectionsOf(node)];
      return body ? this.#behind(body, cwds, input, redirections) : this.#redirected(null, cwds, input, redirections);
    }
    if (type === 'subshell') return this.#isolated(node, cwds, input);
    if (type === 'variable_assignment' || type === 'variable_assignments') return this.#assignment(node, cwds);
    if (type === 'declaration_command' || type === 'unset_command') return this.#declaration(node, cwds);
    if (type === 'test_command') return this.#test(node, cwds);
    if (type === 'function_definition') return this.#define(node, cwds);
    if (type === 'negated_command') return stay(this.#each(node, cwds, input).after);
    if (blocks.has(type)) return this.#each(node, cwds, input);
    if (loops.has(type)) return this.#loop(node, cwds, input);
    if (!quiet.has(type) && !words.has(type))
      this.#collector.unclear(`${type.replaceAll('_', ' ')} is not looked into`);
    return this.#substitutions(node, cwds);
  }

  /** `[ -f x ]` and `[[ x = y ]]`: what looks like a path is one that is asked about. */
  #test(node: Node, cwds: Cwds): Where {
    const argv = node.text.split(/\s+/).filter((word) => word !== '');
    this.#collector.command({
      program: 'test',
      argv,
      unknown: [],
      effect: 'read',
      cwd: cwds?.[0] ?? null,
      via: [...this.#via],
    });
    for (const child of node.descendantsOfType(['word', 'string', 'raw_string', 'concatenation', 'ansi_c_string'])) {
      const isPart = !child || words.has(child.parent?.type ?? '') || isCompared(child);
      const word = isPart ? null : readWord(child, this.#text, this.#scope(cwds));
      if (word && word.kind !== 'unknown' && word.text.includes('/')) this.#collector.path(word, 'list', cwds);
    }
    return this.#substitutions(node, cwds);
  }

  /** Whatever a part of a word, a test or a redirection runs. */
  #substitutions(node: Node, cwds: Cwds): Where {
    const open = [node];
    for (let at = open.pop(); at && this.#collector.step(); at = open.pop()) {
      const isRun = at.type === 'command_substitution' || at.type === 'process_substitution';
      if (isRun) this.#isolated(at, cwds, { kind: 'unknown' });
      else for (const child of at.namedChildren.toReversed()) if (child) open.push(child);
    }
    return stay(cwds);
  }

  #isolated(node: Node, cwds: Cwds, input: Input): Where {
    this.#redirections(redirectionsOf(node), cwds);
    this.#each(node, cwds, input);
    return stay(cwds);
  }

  #each(node: Node, cwds: Cwds, input: Input = { kind: 'none' }): Where {
    let now: Where = stay(cwds);
    for (const [index, child] of node.children.entries()) {
      if (!child.isNamed || child.type === 'comment' || child.type.endsWith('_redirect')) continue;
      const { after, success } = this.statement(child, now.after, input);
      // What runs beside the shell does not move it.
      if (node.children[index + 1]?.type === '&') now = stay(now.after);
      else now = { after: either(now.after, after), success };
    }
    return inTurn.has(node.type) ? now : stay(now.after);
  }

  /** What a loop leaves behind is known only when nothing in it moves. */
  #loop(node: Node, cwds: Cwds, input: Input): Where {
    if (node.type === 'for_statement') this.#listed(node.childrenForFieldName('value'), cwds);
    const rounds = this.#roundsOf(node, cwds).map((word) => this.#round(node, word, { cwds, input }));
    if (rounds.every(({ after }) => isSame(after, cwds))) return stay(cwds);
    this.#collector.unclear('a loop moves to another folder');
    return stay(null);
  }

  /** What the variable of a loop is in each round; null: not known, and one round stands for all. */
  #roundsOf(node: Node, cwds: Cwds): (Word | null)[] {
    const name = node.type === 'for_statement' ? (node.childForFieldName('variable')?.text ?? '') : '';
    // What comes of a function is looked at once.
    const isFor = node.children[0]?.type === 'for';
    if (!isFor || !this.#looped.has(name) || !this.#functions.isEmpty) return [null];
    const values = node.childrenForFieldName('value');
    const words = values.flatMap((value) => (value ? readWords(value, this.#text, this.#scope(cwds)) : []));
    const isKnown = words.length > 0 && words.length <= maxRounds && words.every(({ kind }) => kind !== 'unknown');
    return isKnown ? words : [null];
  }

  #round(node: Node, word: Word | null, { cwds, input }: { cwds: Cwds; input: Input }): Where {
    const name = node.childForFieldName('variable')?.text ?? '';
    if (word) this.#variables.set(name, { value: word.text, from: node.startIndex, isGlob: word.kind === 'glob' });
    const where = this.#each(node, cwds, input);
    if (word) this.#variables.set(name, { value: null, from: 0 });
    return where;
  }

  /** Names that a pattern among words stands for. */
  #listed(nodes: readonly (Node | null)[], cwds: Cwds): void {
    for (const word of nodes.flatMap((node) => (node ? readWords(node, this.#text, this.#scope(cwds)) : [])))
      this.#collector.names(word, cwds);
  }

  /** `cd x && y`: y runs in x. Without the `&&` it may have failed, and y runs in either. A long one hangs to the left. */
  #list(node: Node, cwds: Cwds, redirections: readonly Node[] = []): Where {
    const open: { isAnd: boolean; right: Node }[] = [];
    let first: Node | null = node;
    for (; first?.type === 'list'; first = first.namedChildren[0] ?? null) {
      const right = first.namedChildren.slice(1).find((child) => child && child.type !== 'comment');
      if (right) open.push({ isAnd: first.children.some((child) => child?.type === '&&'), right });
    }
    let where = first ? this.statement(first, cwds) : stay(cwds);
    for (const [index, { isAnd, right }] of open.toReversed().entries()) {
      const own = index === open.length - 1 ? redirections : [];
      const { after, success } = this.#behind(right, isAnd ? where.success : where.after, { kind: 'none' }, own);
      where = { after: either(where.after, after), success: isAnd ? success : either(where.success, success) };
    }
    return where;
  }

  #pipeline(node: Node, cwds: Cwds, input: Input, redirections: readonly Node[] = []): Where {
    let from = input;
    const parts = node.namedChildren.filter((child) => child && child.type !== 'comment');
    for (const child of parts) {
      this.#behind(child, cwds, from, child === parts.at(-1) ? redirections : []);
      from = this.#outputOf(child, from);
    }
    return stay(cwds);
  }

  /** What `echo words |` prints is known, and that `find |` prints names of files. */
  #outputOf(node: Node, input: Input): Input {
    if (node.type !== 'command') return { kind: 'unknown' };
    const all = this.#wordsOf(node, null);
    const [program, ...rest] = all;
    const isSure = this.#functions.isEmpty && redirectionsOf(node).length === 0;
    const found = isSure ? foundBy(all) : null;
    if (found) return { kind: 'names', found };
    if (isSure && input.kind === 'names' && passesLines(all)) return input;
    const isPlain =
      program?.text === 'echo' &&
      this.#functions.bodiesOf('echo').length === 0 &&
      rest.every(({ kind, text }) => kind === 'literal' && !text.startsWith('-') && !text.includes('\\'));
    return isPlain ? { kind: 'text', text: rest.map(({ text }) => text).join(' ') } : { kind: 'unknown' };
  }

  /** The parser hangs the redirections of the last command at all that stands before it. */
  #behind(node: Node, cwds: Cwds, input: Input, redirections: readonly Node[]): Where {
    if (redirections.length === 0) return this.statement(node, cwds, input);
    if (node.type === 'list') return this.#list(node, cwds, redirections);
    if (node.type === 'pipeline') return this.#pipeline(node, cwds, input, redirections);
    return this.#redirected(node, cwds, input, redirections);
  }

  #redirected(body: Node | null, cwds: Cwds, input: Input, redirections: readonly Node[]): Where {
    const isWriting = this.#redirections(redirections, cwds);
    const given = inputOf(redirections, this.#text) ?? input;
    for (const redirection of redirections) {
      if (redirection.type !== 'heredoc_redirect') continue;
      for (const child of redirection.namedChildren) {
        if (child && (child.type === 'pipeline' || child.type === 'command' || child.type === 'list'))
          this.statement(child, cwds, { kind: 'unknown' });
      }
    }
    if (!body) return stay(cwds);
    const own = inputOf(redirectionsOf(body), this.#text);
    if (own && given !== input) this.#collector.unclear('which of two inputs it reads is not looked at');
    return body.type === 'command' ? this.#command(body, cwds, given, isWriting) : this.statement(body, cwds, given);
  }

  /** True when one of them writes a file. */
  #redirections(redirections: readonly Node[], cwds: Cwds): boolean {
    let isWriting = false;
    for (const node of redirections) {
      this.#seen.add(keyOf(node));
      this.#substitutions(node, cwds);
      if (redirect({ node, text: this.#text, scope: this.#scope(cwds), cwds, collector: this.#collector }))
        isWriting = true;
    }
    return isWriting;
  }

  #scope(cwds: Cwds): Scope {
    return {
      variables: this.#variables,
      home: this.#collector.place.home,
      cwd: cwds?.length === 1 ? (cwds[0] ?? null) : null,
    };
  }

  #wordsOf(node: Node, cwds: Cwds): Word[] {
    const name = node.childForFieldName('name')?.namedChildren[0] ?? node.childForFieldName('name');
    const parts = [name, ...node.childrenForFieldName('argument')];
    return parts.flatMap((part) => (part ? readWords(part, this.#text, this.#scope(cwds)) : []));
  }

  #command(node: Node, cwds: Cwds, input: Input, isWriting = false): Where {
    this.#seen.add(keyOf(node));
    for (const child of node.namedChildren) {
      if (child && !child.type.endsWith('_redirect')) this.#substitutions(child, cwds);
      if (child?.type === 'variable_assignment' && !this.#isOfRead(child, node)) assigned(child, this.#collector);
      else if (
        child &&
        child.type !== 'variable_assignment' &&
        !words.has(child.type) &&
        child.type !== 'command_name' &&
        !child.type.endsWith('_redirect')
      ) {
        this.#collector.unclear(`${child.type.replaceAll('_', ' ')} is not looked into`);
      }
    }
    const own = redirectionsOf(node);
    const writes = this.#redirections(own, cwds) || isWriting;
    const list = this.#wordsOf(node, cwds);
    const running = { words: list, input: inputOf(own, this.#text) ?? input, cwds, via: this.#via, isWriting: writes };
    return this.#run(running, node.startIndex);
  }

  /** `IFS= read x`: for that one command, which is the shell's own. */
  #isOfRead(assignment: Node, { text }: Node): boolean {
    const isOwn = assignment.childForFieldName('name')?.text === 'IFS' && this.#functions.isEmpty;
    return isOwn && text.slice(assignment.text.length).trimStart().startsWith('read ');
  }

  /** The functions of that name, and the program unless surely one of them runs. */
  #run(running: Running, index: number): Where {
    const [first] = running.words;
    const name = first?.kind === 'literal' ? first.text : null;
    const called = (name === null ? [] : this.#functions.bodiesOf(name)).map((body) => this.#call(body, running));
    if (name !== null && called.length > 0 && this.#functions.isSure(name, index)) return called[0] ?? stay(null);
    return [this.#program(running), ...called].reduce((one, other) => ({
      after: either(one.after, other.after),
      success: either(one.success, other.success),
    }));
  }

  #program(running: Running): Where {
    const {
      words: [first, ...args],
      cwds,
    } = running;
    this.#isMarked = false;
    dispatch(running, { collector: this.#collector, walkText: (text, how) => this.#inner(text, how) });
    if (first?.kind !== 'literal') return stay(cwds);
    const isPushing = first.text === 'pushd' && args.length === 1 && /^[^-+]/.test(args[0]?.text ?? '');
    if (first.text === 'cd' || isPushing) return enter(args, cwds, this.#collector);
    // Where it was before is not remembered.
    if (first.text === 'popd' && args.length === 0) return stay(null);
    const isMoving =
      /^(?:pushd|popd)$/.test(first.text) ||
      (inShell.test(first.text) && (this.#isMarked || args.some(({ text }) => /\b(?:cd|pushd|popd)\b/.test(text))));
    // What they run may be a function.
    const isHidden = runsFunctions.test(first.text) && args.length > 0 && !this.#functions.isEmpty;
    if (!isMoving && !isHidden) return stay(cwds);
    this.#collector.unclear(`where ${first.text} leads is not looked at`);
    return stay(null);
  }

  #call(body: Node, { cwds, input }: Running): Where {
    const where = this.#functions.once(body, { cwds, input }, () => this.statement(body, cwds, input));
    if (where) return where;
    this.#collector.unclear('a function calls itself');
    return stay(null);
  }

  #inner(text: string, { cwds, via }: Pick<Running, 'cwds' | 'via'>): void {
    if (via.length >= maxDepth) return this.#collector.unclear('commands run commands too deeply');
    const { isMarking } = walkText({ syntax: this.#syntax, collector: this.#collector, text, via, cwds });
    this.#isMarked ||= isMarking;
  }

  #assignment(node: Node, cwds: Cwds): Where {
    const all = node.type === 'variable_assignment' ? [node] : node.namedChildren;
    for (const each of all) if (each) assigned(each, this.#collector);
    for (const array of node.descendantsOfType('array')) this.#listed(array?.namedChildren ?? [], cwds);
    return this.#substitutions(node, cwds);
  }

  #declaration(node: Node, cwds: Cwds): Where {
    const scope = this.#scope(cwds);
    declare({
      ...{ node, hasArrays: this.#hasArrays, collector: this.#collector },
      read: (word) => readWord(word, this.#text, scope),
      place: { cwd: cwds?.[0] ?? null, via: this.#via },
    });
    for (const array of node.descendantsOfType('array')) this.#listed(array?.namedChildren ?? [], cwds);
    return this.#substitutions(node, cwds);
  }

  /** Its body is looked at where it is defined, and again wherever it is called. */
  #define(node: Node, cwds: Cwds): Where {
    const body = node.childForFieldName('body');
    this.#redirections(redirectionsOf(node), cwds);
    if (body) this.#call(body, { words: [], cwds, via: this.#via, input: { kind: 'unknown' } });
    return stay(cwds);
  }
}

export interface WalkOptions {
  syntax: ShellSyntax;
  collector: Collector;
  text: string;
  via: readonly string[];
  cwds: Cwds;
}

/** Adds what `text` would do to the collector; whether it leaves a mark on a shell that reads it as its own. */
export function walkText({ syntax, collector, text, via, cwds }: WalkOptions): { isMarking: boolean } {
  const parsed = syntax.parse(text);
  if ('problem' in parsed) {
    collector.unclear(parsed.problem);
    return { isMarking: true };
  }
  for (const phrase of hiddenIn(parsed.root, text)) collector.unclear(phrase);
  const walk = new Walk({ syntax, collector, text, via, root: parsed.root });
  return { isMarking: walk.script(parsed.root, cwds) };
}
