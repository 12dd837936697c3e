/** `tsx scripts/check/main.ts sizes|spec|tree`: runs one check over the tree, prints what it found, exits 1 if anything. */
import { argv, cwd, exit, stderr, stdout } from 'node:process';
import { checkSizes, sizedFiles } from './size.ts';
import { type Finding, readSources, type SourceFile } from './source-file.ts';
import { checkSpec, specFiles } from './spec.ts';
import { checkTree } from './tree.ts';

const checks: Record<string, { files: RegExp; run: (files: SourceFile[]) => Finding[] }> = {
  sizes: { files: sizedFiles, run: checkSizes },
  spec: { files: specFiles, run: checkSpec },
  tree: { files: /./, run: checkTree },
};

const name = argv[2] ?? '';
const check = checks[name];
if (!check) {
  stderr.write(`usage: main.ts ${Object.keys(checks).join('|')}\n`);
  exit(2);
}
const files = readSources(cwd(), check.files);
const findings = check.run(files);
for (const finding of findings) stderr.write(`${finding}\n`);
stdout.write(`${name}: ${files.length} files, ${findings.length} findings\n`);
exit(findings.length === 0 ? 0 : 1);
