/** The short form of the marathon: a few joins into every recording and into mixed output. `npm run marathon` is the long one. */
import { describe, expect, it } from 'vitest';
import { runMarathon, sampleJoins } from './marathon.ts';
import { mixedOutput } from './mixed-output.ts';
import { readRecording, recordingNames } from './recording.ts';

/** The last one is new in every run; its number is in the title. */
const seeds = [1, Date.now() % 1_000_000];

describe('a viewer that joins', () => {
  it.each(recordingNames())('[TRM3] anywhere in a recording of %s sees what everybody sees', (name) => {
    const recording = readRecording(name);
    const result = runMarathon({ recording, joins: sampleJoins(recording.steps.length, 8, 1), seed: 1 });
    expect(result.mismatches).toEqual([]);
    expect(result.replies).toBe(0);
    expect(result.joins).toBe(8);
  });

  it.each(seeds)('[TRM3] anywhere in mixed output of seed %i sees what everybody sees', (seed) => {
    const recording = mixedOutput({ seed, bytes: 400_000, resizes: 200 });
    const steps = Array.from(recording.steps).length;
    const result = runMarathon({ recording, joins: sampleJoins(steps, 20, seed), seed });
    expect(result.mismatches).toEqual([]);
    expect(result.replies).toBe(0);
    expect(result.resizes).toBe(200);
  });
});
