import { expect, it, vi } from 'vitest';
import { Activity } from './activity.ts';

it('tells what is shown, and nothing once it is stopped, even when its screen comes later', async () => {
  const onActivity = vi.fn();
  const activity = () => new Activity({ now: Date.now, onActivity, program: () => 'bash' });
  const stopped = activity();
  stopped.stop();
  stopped.start(() => 'late');
  stopped.changed();
  const running = activity();
  running.start(() => '$ ls');
  running.changed();
  await vi.waitFor(() => expect(onActivity).toHaveBeenCalledWith({ line: '$ ls', program: 'bash' }));
  expect(onActivity).toHaveBeenCalledTimes(1);
});
