#!/usr/bin/env node
/** The `heddle` command: brings itself into working order, then hands its arguments to the kernel's command line. */
import './require-node.js';

// Imported late, so that a Node too old to read the rest still gives its reason.
void import('./run.js').then(({ run }) =>
  run({ launcher: import.meta.url, entry: 'core/src/boot/cli.ts', args: process.argv.slice(2), dev: false }),
);
