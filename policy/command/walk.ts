/** Walks the tree of a script: what runs, in which folder, with which words and files. Allows only what it knows. */
import { resolvePath } from '../path.ts';
import { assignmentsOf } from './assignment.ts';
import type { Input } from './call.ts';
import type { Collector } from './collector.ts';
import { assigned, declare } from './declaration.ts';
import { dispatch, maxDepth, type Running } from './dispatch.ts';
import { hiddenIn } from './hidden.ts';
import { inputOf, redirect } from './redirect.ts';
import type { Node, ShellSyntax } from './syntax.ts';
import { type Known, readWord, readWords, type Scope, type Word } from './word.ts';

type Cwds = readonly string[] | null;

/** Statements whose parts are walked one after the other, each from where it starts. */
const blocks = new Set([
  'compound_statement',
  'do_group',
  'else_clause',
  'elif_clause',
  'case_item',
  'if_statement',
  'program',
]);
const loops = new Set(['for_statement', 'while_statement', 'c_style_for_statement', 'case_statement']);
/** Parts that run nothing by themselves. */
const quiet = new Set([
  'comment',
  'variable_name',
  'word',
  'string',
  'raw_string',
  'number',
  'concatenation',
  'extglob_pattern',
]);
const words = new Set([
  'word',
  'string',
  'raw_string',
  'ansi_c_string',
  'translated_string',
  'number',
  'concatenation',
  'simple_expansion',
  'expansion',
  'command_substitution',
  'process_substitution',
  'arithmetic_expansion',
  'brace_expression',
  'extglob_pattern',
]);
const most = 4;
/** What does something: each must be come by. */
const acting = ['command', 'file_redirect', 'heredoc_redirect', 'herestring_redirect'];
/** What these run, they run in the shell itself. */
const inShell = /^(?:command|builtin|time|eval)$/;

class Walk {
  readonly #syntax: ShellSyntax;
  readonly #collector: Collector;
  readonly #text: string;
  readonly #via: readonly string[];
  readonly #variables: ReadonlyMap<string, Known>;
  readonly #functions = new Map<string, Node>();
  readonly #seen = new Set<string>();
  #calls = 0;

  constructor(options: {
    syntax: ShellSyntax;
    collector: Collector;
    text: string;
    via: readonly string[];
    root: Node;
  }) {
    this.#syntax = options.syntax;
    this.#collector = options.collector;
    this.#text = options.text;
    this.#via = options.via;
    this.#variables = assignmentsOf(options.root, options.text, options.collector.place.home);
  }

  /** Walks all of it. What was not come by, however the tree is built, is not understood. */
  script(root: Node, cwds: Cwds): void {
    this.statement(root, cwds);
    const missed = root.descendantsOfType(acting).find((node) => node && !this.#seen.has(keyOf(node)));
    if (missed) this.#collector.unclear(`${missed.type.replaceAll('_', ' ')} stands where it is not looked into`);
  }

  /** Walks one statement; answers where the shell may be after it. */
  statement(node: Node, cwds: Cwds, input: Input = { kind: 'none' }): Cwds {
    const { type } = node;
    if (type === 'command') return this.#command(node, cwds, input);
    if (type === 'list') return this.#list(node, cwds);
    if (type === 'pipeline') return this.#pipeline(node, cwds, input);
    if (type === 'redirected_statement') return this.#redirected(node, cwds, input);
    if (type === 'negated_command') return this.#each(node, cwds, input);
    if (type === 'subshell') return this.#isolated(node, cwds, input);
    if (type === 'variable_assignment' || type === 'variable_assignments') return this.#assignment(node, cwds);
    if (type === 'declaration_command' || type === 'unset_command') return this.#declaration(node, cwds);
    if (type === 'test_command') return this.#test(node, cwds);
    if (type === 'function_definition') return this.#define(node, cwds);
    if (blocks.has(type)) return this.#each(node, cwds, input);
    if (loops.has(type)) return this.#loop(node, cwds, input);
    if (quiet.has(type)) return this.#substitutions(node, cwds);
    this.#collector.unclear(`${type.replaceAll('_', ' ')} is not looked into`);
    return this.#substitutions(node, cwds);
  }

  /** `[ -f x ]` and `[[ x = y ]]`: what looks like a path is one that is asked about. */
  #test(node: Node, cwds: Cwds): Cwds {
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
      const word =
        child && !words.has(child.parent?.type ?? '') ? readWord(child, this.#text, this.#scope(cwds)) : null;
      if (word && word.kind !== 'unknown' && word.text.includes('/')) this.#collector.path(word, 'list', cwds);
    }
    return this.#substitutions(node, cwds);
  }

  /** Whatever a part of a word, a test or a redirection runs. */
  #substitutions(node: Node, cwds: Cwds): Cwds {
    for (const child of node.namedChildren) {
      if (!child) continue;
      if (child.type === 'command_substitution' || child.type === 'process_substitution')
        this.#isolated(child, cwds, { kind: 'unknown' });
      else this.#substitutions(child, cwds);
    }
    if (node.type === 'command_substitution' || node.type === 'process_substitution')
      this.#isolated(node, cwds, { kind: 'unknown' });
    return cwds;
  }

  #isolated(node: Node, cwds: Cwds, input: Input): Cwds {
    this.#redirections(redirectionsOf(node), cwds);
    this.#each(node, cwds, input);
    return cwds;
  }

  #each(node: Node, cwds: Cwds, input: Input = { kind: 'none' }): Cwds {
    let now = cwds;
    for (const child of node.namedChildren) {
      if (child && !child.type.endsWith('_redirect')) now = either(now, this.statement(child, now, input));
    }
    return now;
  }

  /** What a loop leaves behind is known only when nothing in it moves. */
  #loop(node: Node, cwds: Cwds, input: Input): Cwds {
    const after = this.#each(node, cwds, input);
    const isSame = after !== null && cwds !== null && after.length === cwds.length;
    if (isSame) return cwds;
    this.#collector.unclear('a loop moves to another folder');
    return null;
  }

  /** `cd x && y`: y runs in x. Without the `&&` it may have failed, and y runs in either. */
  #list(node: Node, cwds: Cwds): Cwds {
    const [left, right] = node.namedChildren;
    const isAnd = node.children.some((child) => child?.type === '&&');
    const after = left ? this.statement(left, cwds) : cwds;
    const moved = left && isAnd ? (this.#movedBy(left, cwds) ?? after) : after;
    return either(after, right ? this.statement(right, moved) : after);
  }

  #movedBy(node: Node, cwds: Cwds): Cwds | undefined {
    const last = node.type === 'list' ? node.namedChildren.at(-1) : node;
    if (last?.type !== 'command') return undefined;
    const [program, target] = this.#wordsOf(last, cwds);
    return program?.text === 'cd' && program.kind === 'literal' ? this.#target(target, cwds) : undefined;
  }

  #pipeline(node: Node, cwds: Cwds, input: Input): Cwds {
    let from = input;
    for (const child of node.namedChildren) {
      if (!child || child.type === 'comment') continue;
      this.statement(child, cwds, from);
      from = this.#outputOf(child);
    }
    return cwds;
  }

  /** What `echo words |` prints is known. */
  #outputOf(node: Node): Input {
    if (node.type !== 'command') return { kind: 'unknown' };
    const [program, ...rest] = this.#wordsOf(node, null);
    const isPlain =
      program?.text === 'echo' &&
      !this.#functions.has('echo') &&
      rest.every(({ kind, text }) => kind === 'literal' && !text.startsWith('-') && !text.includes('\\'));
    return isPlain ? { kind: 'text', text: rest.map(({ text }) => text).join(' ') } : { kind: 'unknown' };
  }

  #redirected(node: Node, cwds: Cwds, input: Input): Cwds {
    const redirections = redirectionsOf(node);
    const isWriting = this.#redirections(redirections, cwds);
    const given = inputOf(redirections, this.#text) ?? input;
    for (const redirection of redirections) {
      if (redirection.type !== 'heredoc_redirect') continue;
      for (const child of redirection.namedChildren) {
        if (child && (child.type === 'pipeline' || child.type === 'command' || child.type === 'list'))
          this.statement(child, cwds, { kind: 'unknown' });
      }
    }
    const body = node.childForFieldName('body');
    if (!body) return cwds;
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

  #command(node: Node, cwds: Cwds, input: Input, isWriting = false): Cwds {
    this.#seen.add(keyOf(node));
    for (const child of node.namedChildren) {
      if (child && !child.type.endsWith('_redirect')) this.#substitutions(child, cwds);
      if (child?.type === 'variable_assignment') assigned(child, this.#collector);
      else if (child && !words.has(child.type) && child.type !== 'command_name' && !child.type.endsWith('_redirect')) {
        this.#collector.unclear(`${child.type.replaceAll('_', ' ')} is not looked into`);
      }
    }
    const own = redirectionsOf(node);
    const writes = this.#redirections(own, cwds) || isWriting;
    const list = this.#wordsOf(node, cwds);
    return this.#run({
      words: list,
      input: inputOf(own, this.#text) ?? input,
      cwds,
      via: this.#via,
      isWriting: writes,
    });
  }

  #run(running: Running): Cwds {
    const {
      words: [first, ...args],
      cwds,
    } = running;
    const body = first?.kind === 'literal' ? this.#functions.get(first.text) : undefined;
    if (body) return this.#callFunction(body, running);
    dispatch(running, { collector: this.#collector, walkText: (text, how) => this.#inner(text, how) });
    if (first?.kind !== 'literal') return cwds;
    if (first.text === 'cd') return either(cwds, this.#enter(args, cwds));
    const isMoving = inShell.test(first.text) && args.some(({ text }) => /\b(?:cd|pushd|popd)\b/.test(text));
    if (isMoving || first.text === 'pushd' || first.text === 'popd') {
      this.#collector.unclear(`where ${first.text} leads is not looked at`);
      return null;
    }
    return cwds;
  }

  #callFunction(body: Node, { cwds, input }: Running): Cwds {
    if (++this.#calls > 50) {
      this.#collector.unclear('functions call each other too often');
      return null;
    }
    const after = this.statement(body, cwds, input);
    this.#calls -= 1;
    return after;
  }

  #enter(args: readonly Word[], cwds: Cwds): Cwds {
    const [target, more] = args;
    if (more || target?.text.startsWith('-')) {
      this.#collector.unclear('where cd leads is not known');
      return null;
    }
    if (target) this.#collector.path(target, 'list', cwds);
    return this.#target(target, cwds);
  }

  #target(target: Word | undefined, cwds: Cwds): Cwds {
    const { home } = this.#collector.place;
    if (!target) return [home];
    if (target.kind !== 'literal' || (cwds === null && !target.text.startsWith('/'))) return null;
    return (cwds ?? ['/']).map((cwd) => resolvePath(cwd, target.text));
  }

  #inner(text: string, { cwds, via }: Pick<Running, 'cwds' | 'via'>): void {
    if (via.length >= maxDepth) return this.#collector.unclear('commands run commands too deeply');
    walkText({ syntax: this.#syntax, collector: this.#collector, text, via, cwds });
  }

  #assignment(node: Node, cwds: Cwds): Cwds {
    this.#substitutions(node, cwds);
    const all = node.type === 'variable_assignment' ? [node] : node.namedChildren;
    for (const each of all) if (each) assigned(each, this.#collector);
    return cwds;
  }

  #declaration(node: Node, cwds: Cwds): Cwds {
    this.#substitutions(node, cwds);
    const scope = this.#scope(cwds);
    const rest = node.namedChildren.flatMap((child) =>
      child && words.has(child.type) ? [readWord(child, this.#text, scope)] : [],
    );
    declare({ node, rest, collector: this.#collector, place: { cwd: cwds?.[0] ?? null, via: this.#via } });
    return cwds;
  }

  /** Its body is looked at where it is defined, and again wherever it is called. */
  #define(node: Node, cwds: Cwds): Cwds {
    const name = node.childForFieldName('name')?.text ?? '';
    const body = node.childForFieldName('body');
    this.#redirections(redirectionsOf(node), cwds);
    if (!body) return cwds;
    // Until then a call of the same name inside it is the program.
    this.statement(body, cwds, { kind: 'unknown' });
    this.#functions.set(name, body);
    return cwds;
  }
}

/** Behind a here-document's operator the parser hangs the next redirection below it. */
function redirectionsOf(node: Node): Node[] {
  const own = node.childrenForFieldName('redirect').filter((child) => child !== null);
  return own.flatMap((each) => (each.type === 'heredoc_redirect' ? [each, ...redirectionsOf(each)] : [each]));
}

const keyOf = ({ type, startIndex, endIndex }: Node): string => `${type} ${startIndex} ${endIndex}`;

const either = (one: Cwds, other: Cwds): Cwds => {
  if (one === null || other === null) return null;
  const all = [...new Set([...one, ...other])];
  return all.length > most ? null : all;
};

export interface WalkOptions {
  syntax: ShellSyntax;
  collector: Collector;
  text: string;
  via: readonly string[];
  cwds: Cwds;
}

/** Adds what `text` would do to the collector. */
export function walkText({ syntax, collector, text, via, cwds }: WalkOptions): void {
  const parsed = syntax.parse(text);
  if ('problem' in parsed) return collector.unclear(parsed.problem);
  for (const phrase of hiddenIn(parsed.root, text)) collector.unclear(phrase);
  new Walk({ syntax, collector, text, via, root: parsed.root }).script(parsed.root, cwds);
}
