/** Names and addresses, from every spelling to what is dialled. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connectTo, get, openStage, publicIp, type Stage } from './testing-stage.ts';

let stage: Stage;

beforeEach(async () => {
  stage = await openStage();
});
afterEach(() => stage.close());

describe('addresses', () => {
  const privateOnes = [
    ...['127.0.0.1', '0.0.0.0', '10.0.0.1', '172.16.3.4', '192.168.1.1', '169.254.169.254', '100.64.0.1', '224.0.0.1'],
    ...[
      '::1',
      '::',
      '::ffff:127.0.0.1',
      '::ffff:a00:1',
      '64:ff9b::7f00:1',
      '2002:7f00:1::',
      'fc00::1',
      'fe80::1%eth0',
      'ff02::1',
    ],
    ...['2001:db8::1', '168.63.129.16', 'localhost', '127.1', ''],
  ];

  it.each(privateOnes)('[EGR3] a name that also stands for %s is refused, whatever is said of it', async (address) => {
    stage.names['example.org'] = [[publicIp, address]];
    expect(await stage.say(connectTo('example.org:443'))).toMatchObject({ status: 403 });
    expect(await stage.say(get('http://example.org/'))).toMatchObject({ status: 403 });
    expect(stage.dialled).toEqual([]);
    // The addresses are told to whoever judges, so that it stands in the log.
    expect(stage.asked.map(({ request: { addresses } }) => addresses)).toEqual([
      ...[undefined, [publicIp, address].sort()],
      ...[undefined, [publicIp, address].sort()],
    ]);
  });

  it('[EGR3] a name that stands for another address each time is looked up once for each connection, and never dialled by name', async () => {
    stage.names['example.org'] = [[publicIp], ['127.0.0.1'], [publicIp], ['127.0.0.1']];
    const answers = [await stage.say(get('http://example.org/')), await stage.say(get('http://example.org/'))];
    expect(answers.map(({ status }) => status)).toEqual([200, 403]);
    expect([stage.lookedUp.length, stage.dialled]).toEqual([2, [`${publicIp} 80`]]);
  });

  it.each([...['2130706433', '0x7f.1', '0177.0.0.1', '127.1', '0', '[::1]', '[::ffff:7f00:1]', '[64:ff9b::a00:1]']])(
    '[EGR4] %s is the address that it stands for, and is not looked up',
    async (host) => {
      expect(await stage.say(connectTo(`${host}:443`))).toMatchObject({ status: 403 });
      expect(await stage.say(get(`http://${host}/`))).toMatchObject({ status: 403 });
      expect([stage.lookedUp, stage.dialled]).toEqual([[], []]);
    },
  );

  it('[EGR4] a public address is dialled as it is', async () => {
    await stage.say(get('http://134744072/'));
    await stage.say(get('http://[2606:4700::1111]/'));
    expect([stage.lookedUp, stage.dialled]).toEqual([[], ['8.8.8.8 80', '2606:4700::1111 80']]);
  });

  it('[EGR3] an address of the machine itself is not reached, public or not', async () => {
    await stage.close();
    stage = await openStage({ own: () => new Set([publicIp]) });
    expect(await stage.say(get('http://example.org/'))).toMatchObject({
      ...{ status: 403, body: expect.stringContaining('example.org stands for this machine') },
    });
    expect(stage.dialled).toEqual([]);
  });

  it('[EGR3] a name that cannot be found, and a host that does not answer, are a 502 that says so', async () => {
    expect(await stage.say(get('http://missing.example.org/'))).toMatchObject({
      ...{ status: 502, body: expect.stringContaining('missing.example.org cannot be looked up: ENOTFOUND') },
    });
    await stage.close();
    stage = await openStage({ dial: () => Promise.reject(Object.assign(new Error('no'), { code: 'ECONNREFUSED' })) });
    stage.names['example.org'] = [['1.1.1.1', '1.1.1.2']];
    expect(await stage.say(connectTo('example.org:443'))).toMatchObject({
      ...{ status: 502, body: expect.stringContaining('example.org:443 cannot be reached at 1.1.1.2: ECONNREFUSED') },
    });
  });
});
