/** Programs that speak to others: where to, with which method. */
import { type Describe, isOneOf, type Option, splitArguments } from './call.ts';

const curlValues = 'AbcCdDeEFhHKmoPQrTtuUwxXyYz';
const curlLong = [
  ...[
    'request',
    'data',
    'data-raw',
    'data-binary',
    'data-urlencode',
    'data-ascii',
    'json',
    'form',
    'form-string',
    'header',
  ],
  ...[
    'output',
    'output-dir',
    'upload-file',
    'user',
    'user-agent',
    'referer',
    'cookie',
    'cookie-jar',
    'config',
    'proxy',
    'url',
  ],
  ...[
    'max-time',
    'connect-timeout',
    'retry',
    'cacert',
    'cert',
    'key',
    'resolve',
    'connect-to',
    'interface',
    'write-out',
  ],
  ...[
    'dump-header',
    'unix-socket',
    'socks5',
    'socks5-hostname',
    'trace',
    'trace-ascii',
    'stderr',
    'netrc-file',
    'range',
    'url-query',
  ],
];
const curlBody = ['data', 'data-raw', 'data-binary', 'data-urlencode', 'data-ascii', 'json', 'form', 'form-string'];
const curlElsewhere = [
  'config',
  'proxy',
  'resolve',
  'connect-to',
  'unix-socket',
  'socks5',
  'socks5-hostname',
  'preproxy',
  'netrc-file',
];

/** What curl sends the request as. */
function methodOf(options: readonly Option[]): string | null {
  const said = options.findLast((option) => isOneOf(option, 'X', ['request']))?.value;
  if (said) return said.kind === 'literal' ? said.text.toUpperCase() : null;
  if (options.some((option) => isOneOf(option, 'dF', curlBody))) return 'POST';
  if (options.some((option) => isOneOf(option, 'T', ['upload-file']))) return 'PUT';
  return options.some((option) => isOneOf(option, 'I', ['head'])) ? 'HEAD' : 'GET';
}

const curl: Describe = ({ args, collector, cwds }) => {
  const { options, operands } = splitArguments(args, { short: curlValues, long: curlLong, flags: ['head', 'netrc'] });
  const method = methodOf(options);
  if (method === null) collector.unclear('the method of curl is known only when it runs');
  for (const option of options) {
    const { value } = option;
    if (isOneOf(option, 'Kx', curlElsewhere)) collector.unclear(`curl -${option.name} sends it elsewhere`);
    if (!value) continue;
    if (
      isOneOf(option, 'oDc', ['output', 'output-dir', 'dump-header', 'cookie-jar', 'trace', 'trace-ascii', 'stderr'])
    ) {
      if (value.text !== '-') collector.path(value, 'write', cwds);
    } else if (isOneOf(option, 'T', ['upload-file'])) collector.path(value, 'read', cwds);
    else if (isOneOf(option, 'dF', curlBody))
      for (const text of sentFiles(value.text)) collector.path({ ...value, text }, 'read', cwds);
    else if (isOneOf(option, '', ['url'])) operands.push(value);
  }
  for (const word of operands) {
    if (word.kind !== 'literal' && !collector.request(word, method)) {
      collector.host('*');
      collector.unclear(`which address ${word.source} names is known only when it runs`);
    } else if (word.kind === 'literal') collector.address(word.text, method);
  }
  return 'network';
};

/** `@file`, `name=@file`, `name=<file`. */
const sentFiles = (text: string): string[] => {
  const match = /^(?:[^=@<]*=)?[@<]([^;]+)/.exec(text) ?? /^[^=@]+@(.+)/.exec(text);
  return match?.[1] && match[1] !== '-' ? [match[1]] : [];
};

const wget: Describe = ({ args, collector, cwds }) => {
  const { options, operands } = splitArguments(args, {
    ...{
      short: 'oOaPUtTwQeiBl',
      long: [
        'post-data',
        'post-file',
        'method',
        'body-data',
        'body-file',
        'output-document',
        'header',
        'directory-prefix',
      ],
    },
  });
  const isPost = options.some(({ name }) => /^(post-|body-)/.test(name));
  const said = options.find(({ name }) => name === 'method')?.value?.text.toUpperCase();
  for (const option of options) {
    if (isOneOf(option, 'ei', ['execute', 'input-file', 'use-askpass', 'config']))
      collector.unclear(`wget -${option.name} does more`);
    if (option.value && /file$/.test(option.name)) collector.path(option.value, 'read', cwds);
    if (option.value && isOneOf(option, 'oOaP', ['output-document', 'directory-prefix']) && option.value.text !== '-') {
      collector.path(option.value, 'write', cwds);
    }
  }
  for (const word of operands) {
    if (word.kind === 'literal') collector.address(word.text, said ?? (isPost ? 'POST' : 'GET'));
    else collector.unclear(`which address ${word.source} names is known only when it runs`);
  }
  return 'network';
};

/** `nc HOST PORT`, `ssh HOST COMMAND`: the first operand is the host. */
const toHost =
  (values: string, runs: boolean): Describe =>
  (call) => {
    const { collector } = call;
    if (call.args.length === 1 && call.args[0]?.text === '-V') return 'read';
    const { options, operands } = splitArguments(call.args, { short: values, isStrict: true });
    const [host, ...rest] = operands;
    if (host?.kind === 'literal') collector.address(host.text.replace(/^[^@]*@/, ''), null);
    else collector.host('*');
    if (options.length > 0 || !host) collector.unclear(`options of ${call.program} may change what it does`);
    if (runs && rest.length > 0) {
      call.run(rest, { cwds: null });
      collector.unclear(`what ${call.program} runs happens elsewhere`);
    }
    return 'network';
  };

/** Operands that name another machine are addresses, the others are files. */
const transfer: Describe = ({ args, collector, cwds, program }) => {
  const { options, operands } = splitArguments(args, { short: 'PiFoclSeT' });
  if (options.some((option) => isOneOf(option, 'oFSe', ['rsh', 'rsync-path'])))
    collector.unclear(`${program} runs what an option names`);
  for (const word of operands) {
    const remote = /^(?:[\w.-]+@)?([\w.-]+):/.exec(word.text);
    if (word.kind !== 'unknown' && remote?.[1] && !word.text.startsWith('/')) collector.address(remote[1], null);
    else if (!collector.request(word, null)) collector.path(word, 'write', cwds);
  }
  return 'network';
};

/** Their words name hosts. */
const asks: Describe = ({ args, collector }) => {
  for (const word of args) {
    if (word.kind !== 'literal') collector.unclear(`which host ${word.source} names is known only when it runs`);
    else if (/^@?[\w-]+(\.[\w-]+)+$/.test(word.text)) collector.host(word.text.replace('@', '').toLowerCase());
  }
  return 'network';
};

const programs: Readonly<Record<string, Describe>> = {
  ...{
    curl,
    wget,
    nc: toHost('psqwXxIOTVe', false),
    ncat: toHost('psqwxe', false),
    netcat: toHost('psqw', false),
    telnet: toHost('', false),
  },
  ...{
    ssh: toHost('bcDEeFIiJLlmOopQRSWw', true),
    mosh: toHost('p', true),
    scp: transfer,
    rsync: transfer,
    sftp: transfer,
    ftp: toHost('', false),
  },
  ...{ ping: asks, dig: asks, nslookup: asks, host: asks, traceroute: asks, whois: asks, socat: asks },
};

export const networkOf = (program: string): Describe | null =>
  Object.hasOwn(programs, program) ? (programs[program] ?? null) : null;
