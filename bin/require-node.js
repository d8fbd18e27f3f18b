/** Refuses a Node that is too old for the launcher itself; written so that even such a Node can read it. */
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

if (major < 20 || (major === 20 && minor < 19)) {
  console.error(
    'heddle: this is Node ' +
      process.versions.node +
      ', and Heddle needs 20.19 or newer to start.\n' +
      'Install a newer Node (24 LTS is best: https://nodejs.org) and run the same command again.',
  );
  process.exit(1);
}
