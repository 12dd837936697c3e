import { describe, expect, it } from 'vitest';
import type { PersonId, TerminalId } from '#protocol/id.ts';
import type { Role } from '#protocol/role.ts';
import type { SessionView } from '#protocol/session-view.ts';
import { type DriverWish, decideDriver } from './driver.ts';

const terminalId = `trm_${'0'.repeat(26)}` as TerminalId;
const person = (letter: string) => `per_${letter.repeat(26)}` as PersonId;
const [ada, bob, eve] = [person('a'), person('b'), person('e')];

function view(driver: PersonId | null, closed = false): SessionView {
  const member = (personId: PersonId, role: Role) => ({ personId, name: personId, role });
  const terminal = {
    ...{ terminalId, name: 'shell 1', command: null, openedAt: '', driver, drivenSince: null },
    closed: closed ? { at: '', exitCode: 0, signal: null, reason: null } : null,
  };
  const members = [member(ada, 'owner'), member(bob, 'editor'), member(eve, 'viewer')];
  return { terminals: [terminal], members } as unknown as SessionView;
}

/** Who drives after the wish, and how; null: nothing changes. */
function decided(driver: PersonId | null, who: PersonId, wish: DriverWish, role: Role = 'owner') {
  const [event] = decideDriver(view(driver), terminalId, { personId: who, role }, wish);
  return event?.type === 'driver.changed' ? [event.payload.driver, event.payload.how] : null;
}

const refused = (driver: PersonId | null, who: PersonId, wish: DriverWish, role: Role = 'owner') =>
  expect(() => decided(driver, who, wish, role));

describe('who drives', () => {
  it('[DRV1] whoever opens or types first drives; neither takes the wheel from anybody', () => {
    expect(decided(null, ada, { how: 'opened' })).toEqual([ada, 'opened']);
    expect(decided(null, ada, { how: 'typed' })).toEqual([ada, 'typed']);
    expect(decided(bob, ada, { how: 'opened' })).toBeNull();
    expect(decided(bob, ada, { how: 'typed' })).toBeNull();
    expect(decided(ada, ada, { how: 'typed' })).toBeNull();
  });

  it('[DRV2] an editor or owner takes the wheel from anybody; doing so twice changes nothing', () => {
    expect(decided(bob, ada, { how: 'taken' })).toEqual([ada, 'taken']);
    expect(decided(ada, bob, { how: 'taken' }, 'editor')).toEqual([bob, 'taken']);
    expect(decided(ada, ada, { how: 'taken' })).toBeNull();
  });

  it('[DRV3] only the driver hands over or lets go', () => {
    expect(decided(ada, ada, { how: 'given', to: bob })).toEqual([bob, 'given']);
    expect(decided(ada, ada, { how: 'given', to: null })).toEqual([null, 'released']);
    refused(ada, bob, { how: 'given', to: bob }).toThrow('only the driver');
    refused(null, bob, { how: 'given', to: bob }).toThrow('only the driver');
  });

  it('[DRV4] the wheel goes to nobody outside the session and to nobody who may not drive', () => {
    refused(ada, ada, { how: 'given', to: person('z') }).toThrow('nobody of this session');
    refused(ada, ada, { how: 'given', to: eve }).toThrow('may not drive');
  });

  it('[DRV5] viewers and commenters never drive', () => {
    for (const role of ['viewer', 'commenter'] as const) {
      for (const wish of [{ how: 'opened' }, { how: 'typed' }, { how: 'taken' }, { how: 'given', to: eve }] as const) {
        refused(null, eve, wish, role).toThrow('editors and owners drive');
      }
    }
  });

  it('an ended terminal has no driver any more, an unknown one is not found', () => {
    const who = { personId: ada, role: 'owner' as const };
    expect(() => decideDriver(view(null, true), terminalId, who, { how: 'taken' })).toThrow('has ended');
    const other = `trm_${'1'.repeat(26)}` as TerminalId;
    expect(() => decideDriver(view(null), other, who, { how: 'taken' })).toThrow('no such terminal');
    expect(() => decideDriver(null, terminalId, who, { how: 'taken' })).toThrow('no such terminal');
  });
});
