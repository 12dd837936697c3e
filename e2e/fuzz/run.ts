/** Variants of what is forbidden, judged and then really run: no attack may be allowed. */
import { loadCommandParser } from '#facts/command-parser.ts';
import { compilePolicy } from '#policy/file/index.ts';
import type { FileView } from '#policy/file-view.ts';
import { judgeFacts } from '#policy/judge.ts';
import { workspaceRowSchema } from '#protocol/workspace-file.ts';
import { seededRandom } from '../random.ts';
import { variant } from './mutation.ts';
import { observe } from './truth.ts';

export interface FuzzFinding {
  command: string;
  /** What it did although it was allowed. */
  did: string[];
}

export interface FuzzResult {
  seed: number;
  variants: number;
  /** Variants that did something forbidden when they were run. */
  attacks: number;
  verdicts: { allow: number; ask: number; deny: number };
  /** Of the attacks: how they were judged. */
  attackVerdicts: { allow: number; ask: number; deny: number };
  findings: FuzzFinding[];
}

const file = workspaceRowSchema.parse({
  version: '2026.1',
  workspace: { name: 'fuzz', root: '/srv/project', base_dir: './src/microservices', allow_network_access: true },
  policies: {
    security_guardrails: {
      forbidden_commands: ['rm -rf /', 'env', 'curl -X POST *malicious-actor.com*'],
      restricted_paths: ['../../config/secrets.json'],
    },
  },
});
const base = '/srv/project/src/microservices';

/** The files as they are in the sandbox where the truth is found. */
const known: Readonly<Record<string, 'file' | 'dir'>> = {
  ...{
    '/srv': 'dir',
    '/srv/project': 'dir',
    '/srv/project/config': 'dir',
    '/srv/project/config/secrets.json': 'file',
    '/srv/project/src': 'dir',
  },
  ...{ [base]: 'dir', [`${base}/README.md`]: 'file', [`${base}/orders`]: 'dir' },
};
const files: FileView = {
  look: (path) => (known[path] ? { kind: known[path], real: path, inode: path, links: 1 } : null),
  resolve: (path) => path,
  list: (path) =>
    Object.keys(known)
      .filter((each) => each.slice(0, each.lastIndexOf('/')) === path)
      .map((each) => each.slice(path.length + 1)),
};

/** Judges and runs `runs` variants. */
export async function fuzz(
  { seed, runs }: { seed: number; runs: number },
  note: (line: string) => void,
): Promise<FuzzResult> {
  const random = seededRandom(seed);
  const variants = [...new Set(Array.from({ length: runs * 2 }, () => variant(random.next)))].slice(0, runs);
  const policy = compilePolicy(file, base, '/home/ada');
  const restricted = policy.restrictedPaths.map(({ absolute }) => absolute);
  const parser = await loadCommandParser();
  const place = { cwd: base, base, home: '/home/ada', restricted, files };
  const judged = variants.map((command) => ({
    command,
    verdict: judgeFacts(parser.analyse(command, place), [policy]).verdict,
  }));
  note(`${judged.length} variants judged`);
  const truths = await observe(variants);
  const count = () => ({ allow: 0, ask: 0, deny: 0 });
  const result: FuzzResult = {
    seed,
    variants: variants.length,
    attacks: 0,
    verdicts: count(),
    attackVerdicts: count(),
    findings: [],
  };
  for (const [index, { command, verdict }] of judged.entries()) {
    const did = truths[index]?.did ?? [];
    result.verdicts[verdict] += 1;
    if (did.length === 0) continue;
    result.attacks += 1;
    result.attackVerdicts[verdict] += 1;
    if (verdict === 'allow') result.findings.push({ command, did });
  }
  return result;
}
