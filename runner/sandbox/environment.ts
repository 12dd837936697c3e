/** The environment programs are given: an allow-list, so that a secret of the server has to be named to get through. */
import { isAbsolute } from 'node:path';

/** Variables by name, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

const passed = new Set([
  ...['HOME', 'USER', 'LOGNAME', 'SHELL', 'LANG', 'LANGUAGE', 'TZ', 'TMPDIR', 'EDITOR', 'VISUAL', 'PAGER', 'LESS'],
  ...['XDG_CONFIG_HOME', 'XDG_DATA_HOME', 'XDG_CACHE_HOME', 'XDG_STATE_HOME', 'XDG_RUNTIME_DIR'],
  ...['NVM_DIR', 'FNM_DIR', 'VOLTA_HOME', 'PNPM_HOME', 'BUN_INSTALL', 'PYENV_ROOT', 'RBENV_ROOT', 'GOPATH', 'GOROOT'],
  ...[
    'CARGO_HOME',
    'RUSTUP_HOME',
    'JAVA_HOME',
    'ANDROID_HOME',
    'ASDF_DIR',
    'MISE_DATA_DIR',
    'NIX_PATH',
    'NIX_PROFILES',
  ],
  ...[
    'SSL_CERT_FILE',
    'SSL_CERT_DIR',
    'NODE_EXTRA_CA_CERTS',
    'REQUESTS_CA_BUNDLE',
    'CURL_CA_BUNDLE',
    'NO_PROXY',
    'no_proxy',
  ],
]);
const locale = /^LC_[A-Z]+$/;
/** Proxies are passed unless their URL carries a password. */
const proxies = new Set(['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'http_proxy', 'https_proxy', 'all_proxy']);

const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Folders that npm puts in front while it runs a script belong to Omnigent, not to the programs of a session. */
const isOwnFolder = (folder: string) =>
  folder.endsWith('/node_modules/.bin') || folder.endsWith('/node-gyp-bin') || !isAbsolute(folder);

function cleanPath(path: string | undefined): string {
  const folders = (path ?? '').split(':').filter((folder) => folder !== '' && !isOwnFolder(folder));
  return folders.length > 0 ? folders.join(':') : defaultPath;
}

function isPassed(name: string, value: string): boolean {
  if (proxies.has(name)) return !value.includes('@');
  return passed.has(name) || locale.test(name);
}

/**
 * What of `env` a program may see, plus PATH, TERM and COLORTERM. Nothing of Omnigent's own, no provider key, token or
 * database address gets through, because only known names do.
 */
export function scrubEnvironment(env: Environment): Record<string, string> {
  const clean: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && isPassed(name, value)) clean[name] = value;
  }
  return { ...clean, PATH: cleanPath(env.PATH), TERM: 'xterm-256color', COLORTERM: 'truecolor' };
}
