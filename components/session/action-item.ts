/** An action that belongs to no item, told as if it were one: a timeline shows both alike. Pure. */
import type { EventPayload } from '#protocol/event.ts';

/** What starts a row of an item. */
export type Started = Omit<EventPayload<'item.started'>, 'itemId' | 'turnId' | 'parentId'> & {
  itemId: string;
  turnId: string | null;
  parentId: string | null;
};

export function itemOf(action: EventPayload<'action.requested'>): Started {
  const { actionId, turnId, kind, tool, command, paths } = action;
  const path = paths[0] ?? null;
  const itemKind = kind === 'command' ? 'command' : kind === 'write' ? 'edit' : 'tool';
  const title = `${tool} ${command ?? path ?? ''}`.trim();
  return { itemId: actionId, turnId, parentId: null, kind: itemKind, title, command, path };
}
