/**
 * Says, before any schema is made, that code from strings is not to be tried: the page's policy forbids it and would
 * report each try. Runs as an inline script; knows no schema.
 */
export const schemaScript = 'globalThis.__zod_globalConfig={jitless:true};';
