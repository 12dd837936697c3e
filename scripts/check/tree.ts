/** What must not be in the tree: traces of one machine or registry, tests that don't run, harness names out of place. */
import { type Finding, lineAt, type SourceFile } from './source-file.ts';

interface Ban {
  what: string;
  fix: string;
  pattern: RegExp;
  /** Files the ban covers; all text files by default. */
  in?: RegExp;
}

const code = /\.(tsx?|mjs)$/;
/** The parts of the product that must not know one harness from another. */
const harnessFree =
  /^(app|cli|components|db|protocol|runner|sdk|server)\/(?!harness\/).*(?<!\.test|[-./]fixture)\.tsx?$/;

const bans: Ban[] = [
  {
    what: "a path of one person's machine",
    fix: 'derive it, or use /tmp or example names',
    pattern: /(?<![\w.$}/-])\/(work|Users\/\w+)\//,
  },
  {
    what: 'the host of a package registry',
    fix: 'say what to install, not where from',
    pattern: /\b(registry\.(npmjs|yarnpkg|npmmirror)|npm\.pkg\.github|pypi\.org|deb\.debian)\b/,
  },
  {
    what: 'a test that does not run',
    fix: 'mend it or remove it',
    pattern: /\b(it|test|describe)(\.\w+)*\.(skip|skipIf|runIf|only|todo|fixme)\b/,
    in: code,
  },
  { what: 'a fixed sleep', fix: 'wait for what should happen', pattern: /\bwaitForTimeout\(/, in: code },
  {
    what: 'a silenced checker',
    fix: 'mend the cause',
    pattern: /@ts-(ignore|nocheck)\b|eslint-disable(?!-next-line .+ -- .+)/,
    in: code,
  },
  { what: 'a note of unfinished work', fix: 'finish it or open an issue', pattern: /\b(TODO|FIXME|HACK)\b/, in: code },
  {
    what: "a harness's name",
    fix: 'it belongs to runner/harness/ alone',
    pattern: /\b(claude|codex|opencode|gemini)\b/i,
    in: harnessFree,
  },
  {
    what: 'an address in the lock file',
    fix: 'run npm install with the .npmrc of the tree',
    pattern: /"resolved": "\w+:/,
    in: /^package-lock\.json$/,
  },
];

/** This file and its test have to spell out what they look for. */
const exempt = /^scripts\/check\/tree(\.test)?\.ts$/;

/** One finding for each line that holds something banned. */
export function checkTree(files: SourceFile[]): Finding[] {
  return files
    .filter((file) => !exempt.test(file.path))
    .flatMap((file) =>
      bans
        .filter((ban) => !ban.in || ban.in.test(file.path))
        .flatMap((ban) =>
          [...file.text.matchAll(new RegExp(ban.pattern, `${ban.pattern.flags}g`))].map(
            (match) => `${file.path}:${lineAt(file.text, match.index)}: ${ban.what} (${match[0].trim()}); ${ban.fix}`,
          ),
        ),
    );
}
