/** Runs a TypeScript file of this repository with everything installed that development needs: `with-modules.js test/run.ts …`. */
import './require-node.js';

const [entry, ...args] = process.argv.slice(2);

if (entry) void import('./run.js').then(({ run }) => run({ launcher: import.meta.url, entry, args, dev: true }));
else {
  console.error('usage: node bin/with-modules.js <file.ts> [arguments]');
  process.exitCode = 2;
}
