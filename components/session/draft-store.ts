/** Drafts that outlive a reload, by session, in this tab. Without storage they last as long as the page. */

const keyOf = (session: string): string => `omnigent.draft.${session}`;

export function readDraft(session: string): string {
  try {
    return sessionStorage.getItem(keyOf(session)) ?? '';
  } catch {
    // Storage can be switched off; then nothing is remembered, and that is what the person asked for.
    return '';
  }
}

export function writeDraft(session: string, text: string): void {
  try {
    if (text === '') sessionStorage.removeItem(keyOf(session));
    else sessionStorage.setItem(keyOf(session), text);
  } catch {
    // As above.
  }
}
