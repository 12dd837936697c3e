/** The document's title; a "!" in front when somebody is needed, so that it shows in a row of tabs. */
import { useEffect } from 'react';

export function DocumentTitle({ name, needsYou = false }: { name: string; needsYou?: boolean }) {
  const title = `${needsYou ? '! ' : ''}${name}, Omnigent`;
  useEffect(() => {
    document.title = title;
  }, [title]);
  return null;
}
