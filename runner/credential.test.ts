import { expect, it } from 'vitest';
import type { CredentialRoute } from '#protocol/secret.ts';
import { credentialCall, credentialEnvironment, npmSettings, shownToken } from './credential.ts';

const port = 'http://127.0.0.1:4180';
const route = (name: string, use: CredentialRoute['use'], pathPrefix = '/'): CredentialRoute => ({
  ...{ name, origin: `https://${name}.example.com`, pathPrefix, use },
});

it('[CRD11] the token is read from each place that programs put it, with the route that it may name', () => {
  const token = 'agk_abc-_1';
  const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;
  const given: [Record<string, string>, string | null][] = [
    [{ 'x-omnigent-token': token }, null],
    [{ 'x-omnigent-token': token, authorization: 'Bearer other' }, null],
    [{ authorization: `Bearer ${token}` }, null],
    [{ authorization: `bearer ${token}.packages` }, 'packages'],
    [{ 'x-api-key': token }, null],
    [{ authorization: basic(`any:${token}`) }, null],
  ];
  for (const [headers, named] of given)
    expect(shownToken(headers), JSON.stringify(headers)).toEqual({ token, route: named });
  for (const headers of [{}, { authorization: 'Digest x' }]) expect(shownToken(headers)).toBeNull();
});

it('[CRD11] a path below /_credential/ or a token that names a route means one, anything else a model call', () => {
  expect(credentialCall('/_credential/forge/team/app.git?x=1', null)).toEqual({
    ...{ path: '/gateway/credentials/forge/team/app.git?x=1', base: '/_credential/forge' },
  });
  expect(credentialCall('/@team%2fscoped', 'packages')).toEqual({
    ...{ path: '/gateway/credentials/packages/@team%2fscoped', base: '' },
  });
  expect(credentialCall('/v1/messages', 'a/../b')).toEqual({
    ...{ path: '/gateway/credentials/a%2F..%2Fb/v1/messages', base: '' },
  });
  for (const url of ['/v1/messages', '/_/gate', '/_credentials/forge', '/x/_credential/forge']) {
    expect(credentialCall(url, null), url).toBeNull();
  }
});

it('[CRD16] tells git, npm and others where each route is, and nobody anything where there is none', () => {
  expect(credentialEnvironment([], port, 'agk_1')).toEqual({});
  expect(npmSettings([route('forge', 'basic')], port, 'agk_1')).toBe('');
  const routes = [
    route('forge', 'basic', '/team/'),
    route('packages', 'npm', '/api/npm'),
    route('issue-tracker', 'header', '/v2/'),
  ];
  expect(credentialEnvironment(routes, port, 'agk_1')).toEqual({
    GIT_CONFIG_COUNT: '2',
    GIT_CONFIG_KEY_0: 'url.http://127.0.0.1:4180/_credential/forge/team/.insteadOf',
    GIT_CONFIG_VALUE_0: 'https://forge.example.com/team/',
    GIT_CONFIG_KEY_1: 'http.http://127.0.0.1:4180/_credential/.extraHeader',
    GIT_CONFIG_VALUE_1: 'Authorization: Bearer agk_1',
    GIT_TERMINAL_PROMPT: '0',
    npm_config_registry: 'http://127.0.0.1:4180/api/npm/',
    npm_config_replace_registry_host: 'packages.example.com',
    OMNIGENT_CREDENTIAL_FORGE_URL: 'http://127.0.0.1:4180/_credential/forge/team',
    OMNIGENT_CREDENTIAL_PACKAGES_URL: 'http://127.0.0.1:4180/_credential/packages/api/npm',
    OMNIGENT_CREDENTIAL_ISSUE_TRACKER_URL: 'http://127.0.0.1:4180/_credential/issue-tracker/v2',
    OMNIGENT_CREDENTIAL_TOKEN: 'agk_1',
  });
  expect(npmSettings(routes, port, 'agk_1')).toBe('//127.0.0.1:4180/:_authToken=agk_1.packages\n');
});
