/** A drawn screen on its way from a runner to viewers and into the recording. */
import type { SnapshotFrame } from '#protocol/terminal-frame.ts';

export type Screen = Omit<SnapshotFrame, 'kind' | 'request'>;
