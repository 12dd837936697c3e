/** `omnigent --version`. */
import { defineCommand } from './command.ts';

export const versionCommand = defineCommand({
  words: ['--version'],
  summary: 'versions of Omnigent, Node.js and the agents it can drive',
  operands: [],
  options: {},
  async run({ print }) {
    const version = process.env.npm_package_version ?? 'unbuilt';
    const { node } = process.versions;
    await print({ version, node, harnesses: [] }, `omnigent ${version}, node ${node}\n`);
    return 0;
  },
});
