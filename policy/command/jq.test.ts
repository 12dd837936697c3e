/** Which filters of jq reach no environment and no further file. */
import { expect, it } from 'vitest';
import { isPlainFilter } from './jq.ts';

it('[POL27] a filter of jq that looks at what it is given is understood, whatever its fields are called, and no other', () => {
  const plain = [
    ...['.', '.env', '.imports[]', '.compilerOptions.include', '.scripts | keys', '.a.env.ENV', '.["env"]'],
    ...['select(.name == "my env")', 'to_entries[] | "\\(.key)@\\(.value)"', '$env', '.environment', 'paths(.env?)'],
  ];
  expect(plain.filter((filter) => !isPlainFilter(filter))).toEqual([]);
  const reaching = [
    ...['env', 'env.HOME', '$ENV.HOME', '.a | env', '[env]', '"\\(env)"', '"\\(1)" + env + "x"', '# "\nenv # "'],
    ...['import "a" as a; a::b', 'include "a"; b', '"a" | modulemeta', '.a;\ninclude "x";', 'load("x")', '. env'],
  ];
  expect(reaching.filter(isPlainFilter)).toEqual([]);
});
