/** Filters of jq: whether one only looks at what it is given. */

/** The environment, further files, and what says where they are. A field is called as it likes. */
const reaching =
  /(?<![\w."$])(?:env|system)\b|\$ENV|\$__prog|(?:^|[;\n])\s*(?:import|include|module)\b|\b(?:get_search_list|modulemeta|input_filename|load\w*|strenv|envsubst)\b/;

/** Neither the environment nor other files. */
export function isPlainFilter(filter: string): boolean {
  // A text may hold a filter again, and quotes in a comment are none.
  const isSimple = !/\\\(|#/.test(filter);
  return !reaching.test(isSimple ? filter.replace(/"(?:[^"\\]|\\.)*"/gs, '""') : filter);
}
