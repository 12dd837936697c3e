/** That rules and tests match: every rule of docs/SPEC.md is named by a test's title, every named rule exists. */
import ts from 'typescript';
import { type Finding, lineAt, type SourceFile } from './source-file.ts';

/** Where rules are, and where tests may be: beside files, in contract suites, in journeys. */
export const specFiles = /^(docs\/SPEC\.md|.*\.tsx?)$/;

const rulePattern = /^- \*\*([A-Z]+\d+)\*\* \S/gm;
const ruleLikePattern = /^[ \t]*[-*] \*\*[A-Z]+\d+/gm;
const namePattern = /\[([A-Z]+\d+)\]/g;

interface Mention {
  id: string;
  where: string;
}

function findRules(spec: SourceFile): { rules: Mention[]; findings: Finding[] } {
  const at = (index: number) => `${spec.path}:${lineAt(spec.text, index)}`;
  const rules = [...spec.text.matchAll(rulePattern)].map((match) => ({ id: match[1] ?? '', where: at(match.index) }));
  const wellFormed = new Set(rules.map((rule) => rule.where));
  const findings = [...spec.text.matchAll(ruleLikePattern)]
    .map((match) => at(match.index))
    .filter((where) => !wellFormed.has(where))
    .map((where) => `${where}: looks like a rule; write it as "- **ABC1** text"`);
  return { rules, findings };
}

/** True for `it(`, `test(` and what hangs on them, such as `it.each(rows)(`. */
const isTestCall = (call: ts.CallExpression): boolean => /^(it|test)\b/.test(call.expression.getText());

function findNames(file: SourceFile): Mention[] {
  if (file.text.search(namePattern) === -1) return [];
  const tree = ts.createSourceFile(file.path, file.text, ts.ScriptTarget.Latest, true);
  const names: Mention[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && isTestCall(node)) {
      const title = node.arguments[0];
      if (title && (ts.isStringLiteralLike(title) || ts.isTemplateExpression(title))) {
        const where = `${file.path}:${tree.getLineAndCharacterOfPosition(title.getStart()).line + 1}`;
        for (const match of title.getText().matchAll(namePattern)) names.push({ id: match[1] ?? '', where });
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return names;
}

/** Rules without a test, tests naming no rule, rules stated twice, lines that only look like rules. */
export function checkSpec(files: SourceFile[]): Finding[] {
  const spec = files.find((file) => file.path === 'docs/SPEC.md');
  if (!spec) return ['docs/SPEC.md: missing'];
  const { rules, findings } = findRules(spec);
  const names = files.filter((file) => file !== spec).flatMap(findNames);
  const stated = new Set<string>();
  for (const rule of rules) {
    if (stated.has(rule.id)) findings.push(`${rule.where}: ${rule.id} is stated twice; number it anew`);
    stated.add(rule.id);
  }
  const tested = new Set(names.map((name) => name.id));
  for (const rule of rules) {
    if (!tested.has(rule.id)) findings.push(`${rule.where}: ${rule.id} has no test; write one titled "[${rule.id}] …"`);
  }
  const unknown = new Map(names.filter((name) => !stated.has(name.id)).map((name) => [name.id, name.where]));
  for (const [id, where] of unknown) findings.push(`${where}: [${id}] is no rule of docs/SPEC.md; add it there`);
  return findings;
}
