// Refuses a Node.js that cannot run Omnigent, before anything newer than its syntax is loaded.

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(
    `Omnigent needs Node.js 20.19 or newer; this is ${process.version}. Install a newer one from https://nodejs.org and run the same command again.\n`,
  );
  process.exit(1);
}
