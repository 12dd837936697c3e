/** What whoever goes through a folder comes to although no name in it tells: other names of restricted files, and what links lead to. */
import type { Place } from './file-view.ts';
import { holdsRestricted, isPattern, isRestricted, isWithin, resolvePath } from './path.ts';

/** Names that are looked at below one folder. */
const most = 2_000;

/** Why nobody can say that only files of the folder are read; null: only they are. `isFollowing`: links are gone through, too. */
export function strayBelow(folder: string, place: Place, isFollowing: boolean): string | null {
  const { files } = place;
  // A file with one name has no other one anywhere.
  const hasOthers = place.restricted.some((each) => !isPattern(each) && (files.look(each)?.links ?? 1) > 1);
  if (!isFollowing && !hasOthers) return null;
  const root = files.resolve(folder);
  const open = [root];
  const seen = new Set(open);
  let looked = 0;
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    for (const name of files.list(at)) {
      if (++looked > most) return `${folder} holds too many files to look at each`;
      const path = resolvePath(at, name);
      const real = files.resolve(path);
      if (real !== path && !isFollowing) continue;
      if (isRestricted(path, place)) return `${path} is restricted by another name`;
      if (real !== path && (!isWithin(real, place.base) || holdsRestricted(real, place)))
        return `the link ${path} leads to ${real}`;
      if (files.look(real)?.kind !== 'dir' || seen.has(real)) continue;
      seen.add(real);
      open.push(real);
    }
  }
  return null;
}
