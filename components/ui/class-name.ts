/** Joins class names; knows nothing of styles. */

/** The truthy ones of `names`, separated by blanks. */
export const classNames = (...names: (string | false | null | undefined)[]): string => names.filter(Boolean).join(' ');
