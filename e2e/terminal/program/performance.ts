/** What is recorded: a program and what is done in it. Knows no file format. */
import type { RecordedProgram, Recorder } from '../recorder.ts';

export interface Performance {
  /** `tools`: a folder of the person who records, for programs that come with no system. */
  start(tools: string | undefined): RecordedProgram | Promise<RecordedProgram & { close?: () => void }>;
  play(recorder: Recorder): Promise<void>;
}
