/** Reads a runner's journal from outside, while the runner may be writing to it. */
import { readFile } from 'node:fs/promises';

export interface JournalFacts {
  id: string;
  /** The server told the runner that everything up to this is committed. */
  acked: number;
  /** Number of the newest event. */
  last: number;
}

export async function readJournal(path: string): Promise<JournalFacts> {
  const text = await readFile(path, 'utf8');
  const facts: JournalFacts = { id: '', acked: 0, last: 0 };
  for (const raw of text.slice(0, text.lastIndexOf('\n')).split('\n')) {
    const line = JSON.parse(raw) as { journal?: string; acked?: number; n?: number };
    if (line.journal) facts.id = line.journal;
    if (line.acked !== undefined) facts.acked = Math.max(facts.acked, line.acked);
    if (line.n !== undefined) facts.last = Math.max(facts.last, line.n);
  }
  facts.last = Math.max(facts.last, facts.acked);
  return facts;
}
