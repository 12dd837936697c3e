/** The matrix as a page of the docs. Pure. */
import type { Cell } from './cell.ts';

export function table(cells: readonly Cell[]): string {
  const harnesses = [...new Set(cells.map(({ harness }) => harness))];
  const behaviours = [...new Set(cells.map(({ behaviour }) => behaviour))];
  const cellOf = (harness: string, behaviour: string): string => {
    const cell = cells.find((each) => each.harness === harness && each.behaviour === behaviour);
    if (!cell) return '-';
    return cell.ok ? cell.observed : `**${cell.observed}** (declared: ${cell.declared})`;
  };
  const row = (fields: string[]) => `| ${fields.map((field) => field.replaceAll('|', '\\|')).join(' | ')} |`;
  return `${[
    '# What each harness does',
    '',
    'Made by `npm run matrix`: what is seen in the provider’s capture, the process table and the files, with the real CLIs.',
    'A cell that differs from what the harness declares is printed bold.',
    '',
    row(['', ...harnesses]),
    row(['---', ...harnesses.map(() => '---')]),
    ...behaviours.map((behaviour) => row([behaviour, ...harnesses.map((harness) => cellOf(harness, behaviour))])),
  ].join('\n')}\n`;
}
