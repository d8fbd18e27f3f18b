/** Serves the web shell at `/`; the pages speak HTTP and hold no rights of their own. */
import { join } from 'node:path';
import { definePlugin } from '@heddle/core';

export const portal = definePlugin({
  name: 'portal',
  version: '0.1.0',
  requires: { core: '^0.1.0' },
  sites: [{ path: '/', folder: join(import.meta.dirname, '../../portal/public') }],
});
