/** Cuts Markdown into blocks that can be drawn apart: while text streams in, only the last one changes. Pure. */

const fence = /^ {0,3}(`{3,}|~{3,})/;

/** Pieces that together are the text; never cut inside a fenced code block, and lists stay whole. */
export function markdownBlocks(text: string): string[] {
  const blocks: string[] = [];
  let open: string[] = [];
  let fenceEnd: string | null = null;
  for (const line of text.split('\n')) {
    const wasFenced = fenceEnd !== null;
    const mark = fence.exec(line)?.[1];
    if (fenceEnd === null && mark) fenceEnd = mark;
    else if (fenceEnd !== null && mark?.startsWith(fenceEnd) && line.trim() === mark) fenceEnd = null;
    const isBreak = line.trim() === '' && open.length > 0;
    if (!isBreak && !wasFenced) {
      const startsAnew = open.at(-1) === '' && !/^(\s|[-*+] |\d+[.)] )/.test(line);
      if (startsAnew) {
        blocks.push(open.join('\n'));
        open = [];
      }
    }
    open.push(line);
  }
  if (open.length > 0) blocks.push(open.join('\n'));
  return blocks;
}
