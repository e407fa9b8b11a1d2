import { createHash, randomBytes } from 'node:crypto';
import { access, chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Account, isReachable, serverAccount } from './account.ts';

/** Where a cluster lies, and who runs it. */
export interface Place {
  /** The folder of the cluster and what belongs to it: the data folder, or one outside that the account can reach. */
  readonly folder: string;
  readonly cluster: string;
  readonly account: Account | null;
  /** For a copy of the binaries, where the installed ones can't be run. */
  readonly cache: string;
}

/** What is remembered between starts. */
interface Notes {
  readonly place?: string;
  readonly port?: number;
}

const shared = '/var/lib/stratum';

/** Finds the cluster of a data folder, or decides where it is to be: inside, unless PostgreSQL's account can't get there. */
export async function choosePlace(dataDir: string, log: (line: string) => void): Promise<Place> {
  const { place } = await readNotes(dataDir);
  const folder = place ?? dataDir;
  const cluster = join(folder, 'postgres');
  const account = await serverAccount(cluster);
  const cache = account === null ? dataDir : shared;
  if (place !== undefined && !(await isThere(place))) {
    throw new Error(
      `the database of ${dataDir} lies in ${place}, which is gone; restore it, or remove ${dataDir} to begin anew`,
    );
  }
  if (account === null || (await isReachable(cluster, account))) {
    return { folder, cluster, account, cache };
  }
  if (await isThere(cluster)) {
    throw new Error(
      `the account ${account.name} can't reach its database in ${cluster}; open the folders above it (chmod o+x)`,
    );
  }
  const outside = await makeOutside(dataDir);
  log(
    `the account ${account.name}, which runs PostgreSQL for root, can't reach ${dataDir}: the database lies in ${outside}`,
  );
  return { folder: outside, cluster: join(outside, 'postgres'), account, cache };
}

/** The port of the last start, if any. */
export async function rememberedPort(dataDir: string): Promise<number | null> {
  return (await readNotes(dataDir)).port ?? null;
}

/** The folder that holds the cluster of a data folder. */
export async function rememberedPlace(dataDir: string): Promise<string> {
  return (await readNotes(dataDir)).place ?? dataDir;
}

export async function rememberPort(dataDir: string, port: number): Promise<void> {
  await writeNotes(dataDir, { ...(await readNotes(dataDir)), port });
}

/** Whether something is at `path`. */
export function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** The name tells which data folder it belongs to, and differs from that of an earlier data folder of the same name. */
async function makeOutside(dataDir: string): Promise<string> {
  const name = createHash('sha256').update(dataDir).digest('hex').slice(0, 12);
  const outside = join(shared, `${name}-${randomBytes(3).toString('hex')}`);
  await mkdir(outside, { recursive: true });
  await chmod(shared, 0o711);
  await chmod(outside, 0o711);
  await writeNotes(dataDir, { ...(await readNotes(dataDir)), place: outside });
  return outside;
}

async function readNotes(dataDir: string): Promise<Notes> {
  try {
    // Our own file; a key that is missing or strange only means that it is decided anew.
    return JSON.parse(await readFile(join(dataDir, 'embedded.json'), 'utf8')) as Notes;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      return {};
    }
    throw new Error(`${join(dataDir, 'embedded.json')} can't be read`, { cause: error });
  }
}

async function writeNotes(dataDir: string, notes: Notes): Promise<void> {
  const file = join(dataDir, 'embedded.json');
  await writeFile(`${file}.new`, `${JSON.stringify(notes, null, 2)}\n`);
  await chmod(`${file}.new`, 0o644);
  await rename(`${file}.new`, file);
}
