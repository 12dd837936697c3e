// @ts-check
// How a failed build is told to a person: the whole output, no stack, exit 1.

/** A failure that is the tree's or the machine's, not a defect of the build; its message says what to do. */
export class BuildError extends Error {}

const refused = new Set(['EACCES', 'EPERM', 'EROFS']);

/**
 * @param {unknown} cause
 * @returns {never}
 */
export function reportAndExit(cause) {
  const error = cause instanceof Error ? cause : new Error(String(cause));
  const { code, path } = /** @type {NodeJS.ErrnoException} */ (error);
  if (code && refused.has(code)) {
    process.stderr.write(
      `Omnigent has to build itself here first, and cannot write to ${path ?? 'its folder'} (${code}). Run \`npm run build\` once as the user who owns the folder; after that others may start it.\n`,
    );
  } else if (code === 'ERR_MODULE_NOT_FOUND') {
    process.stderr.write(`${error.message}\nRun \`npm install\` first.\n`);
  } else {
    process.stderr.write(`${error instanceof BuildError ? error.message : error.stack}\n`);
  }
  process.exit(1);
}
