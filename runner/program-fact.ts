/** Whether the programs that a command names are the ones that they are called. Pure: it is shown the files. */
import type { FileView } from '#policy/file-view.ts';
import { follow } from '#policy/path.ts';
import type { ActionFacts, CommandFact } from '#protocol/action-facts.ts';

export interface ProgramPlace {
  files: FileView;
  /** PATH of the programs. */
  path: string;
  /** Whether no program of the session can change what is at this absolute, resolved path. */
  holds: (path: string) => boolean;
}

/** Where the shell would find it; null: nowhere, then it is one of the shell's own words, or there is none. */
function fileOf({ argv, cwd }: CommandFact, { files, path }: ProgramPlace): string | null {
  const [name = ''] = argv;
  if (name.includes('/')) return cwd === null && !name.startsWith('/') ? null : follow(cwd ?? '/', name, files);
  const candidates = path.split(':').map((folder) => `${folder}/${name}`);
  return candidates.map((each) => files.look(each)).find((found) => found?.kind === 'file')?.real ?? null;
}

/** What is understood of a command is true of the program of that name: one that an agent put there is another. */
export function withPrograms(facts: ActionFacts, place: ProgramPlace): ActionFacts {
  const named = facts.commands.filter(({ program, unknown }) => program !== '' && !unknown.includes(0));
  const loose = named.filter((command) => {
    const file = fileOf(command, place);
    return file !== null && !place.holds(file);
  });
  const phrases = [
    ...new Set(loose.map(({ argv }) => `${argv[0]?.slice(0, 200)} is a program that the session can change`)),
  ];
  return phrases.length === 0 ? facts : { ...facts, unclear: [...facts.unclear, ...phrases].slice(0, 100) };
}
