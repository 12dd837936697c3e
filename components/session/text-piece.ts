/** Text that comes in pieces, each with its place in the whole. Pure. */

export interface Piece {
  itemId: string;
  /** Where `text` begins in the whole, in UTF-16 units; 0 begins anew. */
  offset: number;
  text: string;
}

/** The text after `piece`; one that leaves a gap changes nothing, the whole comes with the item's end. */
export const withPiece = (text: string, { offset, text: more }: Piece): string =>
  offset > text.length ? text : text.slice(0, offset) + more;
