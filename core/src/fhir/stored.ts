/** Joins a stored version's head and tail to the resource's JSON text, without parsing either. */
import type { Stored } from './interaction.ts';

export const textOf = ({ type, id, version, updated, tail }: Stored): string =>
  `{"resourceType":"${type}","id":"${id}","meta":{"versionId":"${version}","lastUpdated":"${new Date(updated).toISOString()}"${tail}`;

export const etagOf = ({ version }: Stored): string => `W/"${version}"`;
