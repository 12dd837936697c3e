/** Bash text as facts: everything it would run, open and speak to, and what of it is not understood. */
import type { ActionFacts } from '#protocol/action-facts.ts';
import type { Place } from '../file-view.ts';
import { Collector } from './collector.ts';
import { installsOf } from './install.ts';
import { ShellSyntax } from './syntax.ts';
import { walkText } from './walk.ts';

export class CommandParser {
  readonly #syntax: ShellSyntax;

  private constructor(syntax: ShellSyntax) {
    this.#syntax = syntax;
  }

  /** `engine` is web-tree-sitter.wasm, `grammar` tree-sitter-bash.wasm. */
  static async load(wasm: { engine: Uint8Array; grammar: Uint8Array }): Promise<CommandParser> {
    return new CommandParser(await ShellSyntax.load(wasm));
  }

  /** Never throws for what the text is; what is not understood is said in `unclear`. */
  analyse(text: string, place: Place): ActionFacts {
    const collector = new Collector(place);
    try {
      walkText({ syntax: this.#syntax, collector, text, via: [], cwds: [place.cwd] });
    } catch (cause) {
      // Whatever text makes this fail: what is not judged is asked about.
      collector.unclear(`it cannot be looked at: ${cause instanceof Error ? cause.name : typeof cause}`);
    }
    if (
      collector.facts.commands.length === 0 &&
      collector.facts.unclear.length === 0 &&
      collector.facts.paths.length === 0
    ) {
      if (text.trim() !== '' && !/^\s*#/.test(text)) collector.unclear('no command is found in it');
    }
    const installs = installsOf(collector.facts.commands);
    return installs.length === 0 ? collector.facts : { ...collector.facts, installs };
  }
}
