/** An npm registry on loopback that has a few made-up packages, for tests. */
import { execFileSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

interface FakePackage {
  name: string;
  version: string;
  optionalDependencies?: Record<string, string>;
  scripts?: Record<string, string>;
  /** Path and text of each executable file beside package.json. */
  files: Record<string, string>;
}

/** The package as npm packs it. */
async function pack(folder: string, { files, ...facts }: FakePackage): Promise<Buffer> {
  const root = join(folder, facts.name.replace('/', '-'));
  await mkdir(join(root, 'package'), { recursive: true });
  await writeFile(join(root, 'package', 'package.json'), JSON.stringify(facts));
  for (const [path, text] of Object.entries(files)) await writeFile(join(root, 'package', path), text, { mode: 0o755 });
  execFileSync('tar', ['-czf', join(root, 'package.tgz'), '-C', root, 'package']);
  return readFile(join(root, 'package.tgz'));
}

export interface FakeRegistry {
  url: string;
  close(): Promise<void>;
}

/** `folder`: a temporary one to pack in. */
export async function openFakeRegistry(folder: string, packages: readonly FakePackage[]): Promise<FakeRegistry> {
  const answers = new Map<string, (url: string) => string | Buffer>();
  for (const each of packages) {
    const { files: _, ...facts } = each;
    const [path, tarball] = [`/${each.name}`, await pack(folder, each)];
    answers.set(`${path}.tgz`, () => tarball);
    answers.set(path, (url) => {
      const version = { ...facts, dist: { tarball: `${url}${path}.tgz` } };
      return JSON.stringify({
        name: each.name,
        'dist-tags': { latest: each.version },
        versions: { [each.version]: version },
      });
    });
  }
  const server = createServer(({ url: path = '', headers }, response) => {
    const answer = answers.get(decodeURIComponent(path));
    response.writeHead(answer ? 200 : 404).end(answer?.(`http://${headers.host}`) ?? '{"error":"not found"}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
