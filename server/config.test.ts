import { describe, expect, it } from 'vitest';
import { readConfig } from './config.ts';

describe('environment of the server', () => {
  it('[SRV3] without any variable it listens on loopback port 4100 with its own database', () => {
    expect(readConfig({})).toMatchObject({
      port: 4100,
      listen: '127.0.0.1',
      publicUrl: null,
      databaseUrl: null,
      allowsHttp: false,
      allowsLoopbackPush: false,
    });
  });

  it('an empty variable counts as absent', () => {
    expect(readConfig({ PORT: '', OMNIGENT_URL: '', DATABASE_URL: '' })).toEqual(readConfig({}));
  });

  it('takes what is set', () => {
    const config = readConfig({
      OMNIGENT_HOME: '/srv/omnigent/../omnigent',
      PORT: '0',
      OMNIGENT_LISTEN: '0.0.0.0',
      OMNIGENT_URL: 'https://app.example.com/some/path',
      OMNIGENT_ALLOW_HTTP: '1',
      OMNIGENT_PUSH_ALLOW_LOOPBACK: '1',
      DATABASE_URL: 'postgres://ada@db.example.com/omnigent',
      OMNIGENT_SECRET_KEY: Buffer.alloc(32, 7).toString('base64'),
    });
    expect(config.secretKey).toEqual(Buffer.alloc(32, 7));
    expect(config).toMatchObject({ home: '/srv/omnigent', port: 0, allowsHttp: true, allowsLoopbackPush: true });
    expect(config.listen).toBe('0.0.0.0');
    expect(config.publicUrl).toBe('https://app.example.com');
    expect(config.databaseUrl).toBe('postgres://ada@db.example.com/omnigent');
  });

  it('[SRV4] a wrong value is refused with the name of its variable and never with a secret', () => {
    const wrong: Record<string, string>[] = [
      { PORT: '65536' },
      { PORT: 'http' },
      { PORT: '-1' },
      { OMNIGENT_URL: 'app.example.com' },
      { OMNIGENT_URL: 'javascript:alert(1)' },
      { OMNIGENT_ALLOW_HTTP: 'yes' },
      { OMNIGENT_PUSH_ALLOW_LOOPBACK: 'true' },
      { DATABASE_URL: 'mysql://ada:secret@db.example.com/x' },
      { OMNIGENT_SECRET_KEY: 'secret' },
      { OMNIGENT_SECRET_KEY: Buffer.alloc(31, 'secret').toString('base64') },
      { ANTHROPIC_BASE_URL: 'https://ada:secret@models.example.com' },
    ];
    for (const environment of wrong) {
      const [name = ''] = Object.keys(environment);
      expect(() => readConfig(environment)).toThrow(name);
      expect(() => readConfig(environment)).not.toThrow('secret');
    }
    expect(() => readConfig({ PORT: 'x', OMNIGENT_URL: 'x' })).toThrow(/PORT.*OMNIGENT_URL/);
  });
});
