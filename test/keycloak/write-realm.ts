/** Writes config/keycloak from the realm's description: `node test/keycloak/write-realm.ts`. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { realmText } from './realm.ts';

const folder = join(import.meta.dirname, '../../config/keycloak');
writeFileSync(join(folder, 'realm.json'), realmText('production'));
writeFileSync(join(folder, 'realm-demo.json'), realmText('demo'));
