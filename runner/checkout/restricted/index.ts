/** Public face of restricted paths in checkouts: what they mean for a source, and how a repository goes without them. */
export { type LeftOut, notesOfLeftOut, readLeftOut } from './left-out.ts';
export { writePlaceholders } from './placeholder.ts';
export { Restriction } from './restriction.ts';
export { attributesText, literalNames, sparseText } from './spelling.ts';
export { addRestrictedFiles, Twins } from './twin.ts';
