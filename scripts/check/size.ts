/** Size limits: lines of a file, of a page and of a function. Knows nothing of what they do. */
import ts from 'typescript';
import type { Finding, SourceFile } from './source-file.ts';

const fileLines = 400;
const functionLines = 80;
const pageLines = 80;

/** Code that people write and read; what a generator wrote has no limit. */
export const sizedFiles = /^(?!db\/migrations\/).*\.(tsx?|mjs|css)$/;

/** A `describe` callback and a contract suite hold tests, as a file does; they are no functions in this sense. */
function isSuite(node: ts.Node, path: string): boolean {
  const { parent } = node;
  if (ts.isCallExpression(parent)) return /^(test\.)?describe\b/.test(parent.expression.getText());
  return ts.isSourceFile(parent) && /(^|\/)contract(\/|\.ts$)/.test(path);
}

function nameOf(node: ts.FunctionLikeDeclaration): string {
  if (node.name) return node.name.getText();
  const { parent } = node;
  return ts.isVariableDeclaration(parent) || ts.isPropertyAssignment(parent) ? parent.name.getText() : 'a function';
}

function checkFunctions(file: SourceFile): Finding[] {
  const tree = ts.createSourceFile(file.path, file.text, ts.ScriptTarget.Latest, true);
  const findings: Finding[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) && 'body' in node && node.body && !isSuite(node, file.path)) {
      const first = tree.getLineAndCharacterOfPosition(node.getStart()).line;
      const lines = tree.getLineAndCharacterOfPosition(node.getEnd()).line - first + 1;
      if (lines > functionLines) {
        findings.push(
          `${file.path}:${first + 1}: ${nameOf(node)} has ${lines} lines; split it by noun or state, at most ${functionLines}`,
        );
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return findings;
}

/** Everything over its limit. */
export function checkSizes(files: SourceFile[]): Finding[] {
  return files.flatMap((file) => {
    const lines = file.text.replace(/\n$/, '').split('\n').length;
    const most = /^app\/.*page\.tsx$/.test(file.path) ? pageLines : fileLines;
    const findings = lines > most ? [`${file.path}: ${lines} lines; split it by noun or state, at most ${most}`] : [];
    return file.path.endsWith('.css') ? findings : [...findings, ...checkFunctions(file)];
  });
}
