/** Who may import whom: the map of docs/adr/001-layout.md as rules. `npm run boundaries` checks them. */

/** Folders of ours; everything else under the root is configuration. */
const folders = [
  ...['app', 'bench', 'cli', 'components', 'db', 'e2e', 'facts', 'policy'],
  ...['protocol', 'runner', 'scripts', 'sdk', 'server'],
];
/** What other processes on the same machine share with the runner. */
const partsOfRunner = '^runner/(sandbox|checkout|harness)/index\\.ts$';
/** What journeys and benchmarks may take apart. */
const product = ['cli', 'components', 'db', 'facts', 'policy', 'protocol', 'runner', 'sdk', 'server'];
const tests = '\\.test\\.tsx?$';
/** Files that only tests, benchmarks and journeys use, wherever they stand. */
const testSupport = ['/(testing|fixture)[^/]*$', '[-.](testing|fixture)\\.tsx?$', '/contract\\.ts$', '\\.test\\.tsx?$'];

/** A rule that `from` imports no folder of ours but those in `to`, by any kind of import. */
function only(from, to, comment) {
  const others = folders.filter((folder) => ![from, ...to].includes(folder));
  return {
    name: `${from}-imports`,
    comment,
    severity: 'error',
    from: { path: `^${from}/` },
    to: { path: `^(${others.join('|')})/` },
  };
}

/** A rule that `from` takes nothing but types from server/api, and nothing at all from the rest of the server. */
const typesOfApi = (from) => [
  {
    name: `${from}-server-types-only`,
    comment: `${from}/ runs away from the server: it may know the types of its API, not its code`,
    severity: 'error',
    from: { path: `^${from}/` },
    to: { path: '^server/api/', dependencyTypesNot: ['type-only'] },
  },
  {
    name: `${from}-server-api-only`,
    comment: `${from}/ knows the server by server/api alone`,
    severity: 'error',
    from: { path: `^${from}/` },
    to: { path: '^server/', pathNot: '^server/api/' },
  },
];

export default {
  forbidden: [
    only('protocol', [], 'protocol/ is the contract between all parts and knows none of them'),
    {
      name: 'protocol-zod-only',
      comment: 'protocol/ runs in browsers, runners and the server: zod is its only package',
      severity: 'error',
      from: { path: '^protocol/', pathNot: tests },
      to: { pathNot: '^(protocol/|node_modules/zod/)' },
    },
    only('db', ['protocol'], 'db/ knows the protocol, not the server that uses it'),
    {
      ...only('policy', ['protocol'], 'policy/ is pure: it is told what the files are and judges'),
      from: { path: '^policy/', pathNot: tests },
    },
    only('facts', ['policy', 'protocol'], 'facts/ looks at files for policy/, wherever the files are'),
    only('runner', ['facts', 'policy', 'protocol'], 'runner/ runs anywhere, without server or database'),
    only(
      'server',
      ['db', 'facts', 'policy', 'protocol', 'runner'],
      'server/ talks to runners by messages and to browsers by its API',
    ),
    {
      name: 'server-facts-parser-only',
      comment:
        'the server reads what people write down, and looks at what a workspace file names beside it; the rest is for runners to say',
      severity: 'error',
      from: { path: '^server/', pathNot: [tests, '^server/policy/workspace\\.ts$'] },
      to: { path: '^facts/', pathNot: '^facts/command-parser\\.ts$' },
    },
    {
      name: 'server-runner-parts',
      comment: 'the embedded host and the boot that starts it share sandbox and checkout with the runner, nothing else',
      severity: 'error',
      from: { path: '^server/' },
      to: { path: '^runner/', pathNot: partsOfRunner },
    },
    {
      name: 'server-host-only-runner-parts',
      comment: 'only the embedded host and boot work on this machine; every other noun may be on another',
      severity: 'error',
      from: { path: '^server/', pathNot: '^server/(host/|boot\\.ts$)' },
      to: { path: '^runner/' },
    },
    only('components', ['protocol', 'server'], 'components/ get data as properties or from the API'),
    ...typesOfApi('components'),
    only('app', ['components', 'protocol', 'server'], 'app/ fetches and composes'),
    {
      name: 'app-server-api-only',
      comment: 'app/ knows the server by server/api alone',
      severity: 'error',
      from: { path: '^app/' },
      to: { path: '^server/', pathNot: '^server/api/' },
    },
    only(
      'cli',
      ['facts', 'policy', 'protocol', 'runner', 'server'],
      'cli/ is a client; locally it judges by policy, and shares sandbox and checkout with the runner',
    ),
    {
      name: 'cli-runner-parts',
      comment: 'cli/ may use runner/sandbox and runner/checkout by their index.ts',
      severity: 'error',
      from: { path: '^cli/' },
      to: { path: '^runner/', pathNot: partsOfRunner },
    },
    ...typesOfApi('cli'),
    only('sdk', ['protocol', 'server'], 'sdk/ is a client'),
    ...typesOfApi('sdk'),
    {
      name: 'server-noun-index',
      comment: 'a noun of the server is known to the others by its index.ts; it may take any file of its own folder',
      severity: 'error',
      from: { path: '^server/([^/]+)/', pathNot: tests },
      to: { path: '^server/[^/]+/', pathNot: ['^server/$1/', '^server/[^/]+/index\\.ts$'] },
    },
    {
      name: 'server-root-index',
      comment: 'boot, too, knows a noun by its index.ts',
      severity: 'error',
      from: { path: '^server/[^/]+$' },
      to: { path: '^server/[^/]+/', pathNot: '^server/[^/]+/index\\.ts$' },
    },
    only(
      'e2e',
      [...product, 'bench'],
      'e2e/ drives the product from outside and shares reports with bench/; nobody builds on app/',
    ),
    only('bench', [...product, 'e2e'], 'bench/ measures the product on the servers that e2e/ starts'),
    only('scripts', [], 'scripts/ look at the tree as text'),
    {
      name: 'no-test-support-in-product',
      comment: 'what only tests use stays out of the product',
      severity: 'error',
      from: { path: '^(app|cli|components|db|facts|policy|protocol|runner|sdk|server)/', pathNot: testSupport },
      to: { path: testSupport },
    },
    {
      name: 'no-cycles',
      comment: 'two files that need each other are one thing cut in the wrong place',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-orphans',
      comment: 'a file that nobody imports and that is no entry, test or configuration is dead',
      severity: 'error',
      from: { orphan: true, pathNot: [...testSupport, '\\.d\\.ts$', '^[^/]+\\.(ts|mjs)$', '^app/', '^public/'] },
      to: {},
    },
    {
      name: 'no-unresolvable',
      comment: 'an import that leads nowhere, or to a package that package.json does not name',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: '/dist/' },
    },
    {
      name: 'no-dev-package-in-product',
      comment: 'an install without development packages must run the product',
      severity: 'error',
      from: { path: '^(app|bin|cli|components|db|protocol|runner|sdk|server)/', pathNot: testSupport },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    },
  ],
  options: {
    doNotFollow: { path: '^node_modules/' },
    exclude: { path: '^(\\.next|coverage|dist)/' },
    tsPreCompilationDeps: 'specify',
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'types', 'default'] },
  },
};
