/** How the database knows again what somebody holds, without keeping it. */
import { createHash } from 'node:crypto';

/** Long random values need no salt. */
export const hashOf = (value: string): string => createHash('sha256').update(value).digest('base64url');
