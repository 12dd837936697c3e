/**
 * A syntax tree as plain objects: the parser's own nodes cross into WebAssembly for each property, which takes longer than all that
 * is done with it. Knows no bash.
 */
import type { TreeCursor } from 'web-tree-sitter';

export class Node {
  readonly type: string;
  readonly isNamed: boolean;
  /** Where its text begins and ends in the whole, in UTF-16 units. */
  readonly startIndex: number;
  readonly endIndex: number;
  readonly parent: Node | null;
  readonly children: Node[] = [];
  /** What it is to its parent; null: nothing by name. */
  readonly #field: string | null;
  readonly #whole: string;
  #namedChildren: Node[] | null = null;
  #everything: readonly Node[] | null = null;

  constructor(cursor: TreeCursor, parent: Node | null, whole: string) {
    this.type = cursor.nodeType;
    this.isNamed = cursor.nodeIsNamed;
    this.startIndex = cursor.startIndex;
    this.endIndex = cursor.endIndex;
    this.#field = cursor.currentFieldName;
    this.parent = parent;
    this.#whole = whole;
  }

  get text(): string {
    return this.#whole.slice(this.startIndex, this.endIndex);
  }

  /** Complete only once the whole tree is. */
  get namedChildren(): readonly Node[] {
    this.#namedChildren ??= this.children.filter(({ isNamed }) => isNamed);
    return this.#namedChildren;
  }

  /** What stands behind it in its parent. */
  get nextSibling(): Node | null {
    const siblings = this.parent?.children ?? [];
    return siblings[siblings.indexOf(this) + 1] ?? null;
  }

  childForFieldName(name: string): Node | null {
    return this.children.find((child) => child.#field === name) ?? null;
  }

  childrenForFieldName(name: string): Node[] {
    return this.children.filter((child) => child.#field === name);
  }

  /** Of these types; the node itself may be one, and each comes before what is below it. */
  descendantsOfType(types: string | readonly string[]): Node[] {
    const wanted = new Set(typeof types === 'string' ? [types] : types);
    return this.#all().filter(({ type }) => wanted.has(type));
  }

  /** Those without children, in the order of the text. */
  leaves(): Node[] {
    return this.#all().filter(({ children }) => children.length === 0);
  }

  /** The node itself and all below it. */
  #all(): readonly Node[] {
    if (this.#everything) return this.#everything;
    const all: Node[] = [];
    const open: Node[] = [this];
    for (let node = open.pop(); node; node = open.pop()) {
      all.push(node);
      for (const child of node.children.toReversed()) open.push(child);
    }
    this.#everything = all;
    return all;
  }
}

/** The tree below the node that `cursor` is at. */
export function copyTree(cursor: TreeCursor, whole: string): Node {
  const root = new Node(cursor, null, whole);
  for (let parent: Node | null = root, isDown = true; parent; ) {
    if (isDown ? cursor.gotoFirstChild() : cursor.gotoNextSibling()) {
      const node: Node = new Node(cursor, parent, whole);
      parent.children.push(node);
      parent = node;
      isDown = true;
    } else if (isDown) {
      isDown = false;
      parent = parent.parent;
    } else {
      cursor.gotoParent();
      parent = parent.parent;
    }
  }
  return root;
}
