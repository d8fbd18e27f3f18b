/** Looks after HEDDLE_HOME and the database directory in it; refuses a directory that is foreign, damaged or of another PostgreSQL. */
import { chmod, mkdir, open, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { misconfigured } from '../../outcome/outcome.ts';

const marker = 'heddle-home.json';

const refuse = (fault: string): never => {
  throw misconfigured([fault]);
};

/** Makes the home, or sees that it is one: a directory of somebody else's is never written into. */
export const prepareHome = async (home: string): Promise<void> => {
  if (existsSync(home) && !(await stat(home)).isDirectory())
    refuse(`HEDDLE_HOME ${home} is not a directory; name another`);
  await mkdir(home, { recursive: true, mode: 0o700 });
  if (!existsSync(join(home, marker))) {
    const strangers = (await readdir(home)).filter((name) => name !== 'lost+found' && name !== marker);
    if (strangers.length > 0)
      refuse(
        `HEDDLE_HOME ${home} holds files and is not Heddle's (no ${marker}): name an empty or a new directory, ` +
          `or restore ${marker} if you are sure that it is a Heddle home`,
      );
    await writeFile(join(home, marker), `${JSON.stringify({ format: 1 })}\n`);
  }
  await chmod(home, 0o700);
};

/** What initdb's result keeps about itself, inside the directory so that both appear at once. */
export interface Cluster {
  readonly password: string;
  readonly system: string;
}

const clusterFile = 'heddle-cluster.json';

/** The cluster's own number, from the first eight bytes of its control file. */
export const systemIdentifier = async (data: string): Promise<string> => {
  const file = await open(join(data, 'global/pg_control'));
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(8), 0, 8, 0);
    if (bytesRead < 8) throw new RangeError('pg_control is too short');
    return buffer.readBigUInt64LE().toString();
  } finally {
    await file.close();
  }
};

export const writeCluster = async (data: string, password: string): Promise<void> => {
  const cluster: Cluster = { password, system: await systemIdentifier(data) };
  await writeFile(join(data, clusterFile), `${JSON.stringify(cluster)}\n`, { mode: 0o600 });
};

/** Undefined where there is no database yet. */
export const readCluster = async (data: string, major: number): Promise<Cluster | undefined> => {
  if (!existsSync(data)) return undefined;
  const whatNow = 'restore a backup into a new HEDDLE_HOME, or move the directory away to begin with an empty database';
  const read = async (file: string): Promise<string> => {
    try {
      return await readFile(join(data, file), 'utf8');
    } catch (error) {
      return refuse(
        `the database directory ${data} is damaged or not Heddle's: ${file} cannot be read (${String((error as NodeJS.ErrnoException).code)}); ${whatNow}`,
      );
    }
  };

  const version = (await read('PG_VERSION')).trim();
  if (!/^\d+$/.test(version))
    refuse(`the database directory ${data} is damaged: PG_VERSION holds no version; ${whatNow}`);
  if (Number(version) !== major)
    refuse(
      `the database directory ${data} was made by PostgreSQL ${version}, and this Heddle brings ${major}. It was not touched. ` +
        `To migrate: back it up with the Heddle that made it (heddle backup), start this one with a new HEDDLE_HOME and restore there (heddle restore); ` +
        `or run PostgreSQL ${version} yourself and set DATABASE_URL`,
    );

  let cluster: Cluster;
  try {
    cluster = JSON.parse(await read(clusterFile)) as Cluster;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return refuse(`the database directory ${data} is damaged: ${clusterFile} is not JSON; ${whatNow}`);
  }
  let system: string;
  try {
    system = await systemIdentifier(data);
  } catch (error) {
    return refuse(
      `the database directory ${data} is damaged: global/pg_control cannot be read (${(error as Error).message}); ${whatNow}`,
    );
  }
  if (system !== cluster.system)
    refuse(
      `the database directory ${data} is another database than the one that Heddle made here (system identifier ${system} instead of ${cluster.system}); ${whatNow}`,
    );
  return cluster;
};
