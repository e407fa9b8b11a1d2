import pg from 'pg';
import { keptSecret, prepareDataFolder } from './data-folder.ts';
import { chooseAddress, urlOf } from './embedded/address.ts';
import { findBinaries } from './embedded/binaries.ts';
import { createCluster, database, user } from './embedded/cluster.ts';
import { clearOrphan } from './embedded/orphan.ts';
import { claimFolder, type Ownership } from './embedded/owner.ts';
import { choosePlace, isThere, type Place } from './embedded/place.ts';
import { supervise } from './embedded/supervise.ts';

export interface EmbeddedOptions {
  /** The folder of everything this installation keeps. */
  readonly dataDir: string;
  /** Hears what a person should know: where data lies, what had to be repaired. */
  readonly log?: (line: string) => void;
  /** Settings of PostgreSQL, over the usual ones. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** A PostgreSQL that lives and ends with this process; its data stays. */
export interface EmbeddedServer extends AsyncDisposable {
  /** Connects as the owner of the database `stratum`. */
  readonly url: string;
  /** Where the data really lies. */
  readonly dataDir: string;
  stop(): Promise<void>;
}

/**
 * Starts the PostgreSQL that comes with the package on the data of a folder, and makes both on the first start.
 * @throws When another living process uses the folder, or PostgreSQL can't be run or set up; the message says what to do.
 */
export async function startEmbedded({
  dataDir,
  log = () => {},
  settings = {},
}: EmbeddedOptions): Promise<EmbeddedServer> {
  const folder = await prepareDataFolder(dataDir);
  const cleanup: Cleanup = [];
  try {
    const { urlFor, place } = await start(folder, { log, settings, cleanup });
    await createDatabase(urlFor('postgres'));
    const stop = once(() => cleanUp(cleanup));
    return { url: urlFor(database), dataDir: place.folder, stop, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await cleanUp(cleanup);
    throw error;
  }
}

/** What to undo, last thing first. */
type Cleanup = (() => Promise<void>)[];

async function start(
  folder: string,
  { log, settings, cleanup }: Required<Omit<EmbeddedOptions, 'dataDir'>> & { cleanup: Cleanup },
): Promise<{ urlFor: (database: string) => string; place: Place }> {
  const claims = [await claim(folder, cleanup)];
  const place = await choosePlace(folder, log);
  if (place.folder !== folder) {
    claims.push(await claim(place.folder, cleanup));
  }
  const binaries = await findBinaries(place.account, place.cache, log);
  await clearOrphan(place.cluster, log);
  const password = await keptSecret(place.folder, 'postgres.password');
  if (!(await isThere(place.cluster))) {
    await createCluster(place, binaries, password);
  }
  const address = await chooseAddress(folder, { ...place, log });
  cleanup.push(() => address.release());
  await Promise.all(claims.map((ownership) => ownership.assert()));
  const server = await supervise({ place, binaries, address, settings }, log);
  cleanup.push(() => server.stop());
  return { urlFor: (name) => urlOf(address, { user, password, database: name }), place };
}

async function claim(folder: string, cleanup: Cleanup): Promise<Ownership> {
  const ownership = await claimFolder(folder);
  cleanup.push(() => ownership.release());
  return ownership;
}

async function cleanUp(cleanup: Cleanup): Promise<void> {
  for (const undo of cleanup.reverse()) {
    await undo();
  }
}

async function createDatabase(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [database]);
    if (rowCount === 0) {
      await client.query(`create database ${database}`);
    }
  } finally {
    await client.end();
  }
}

function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => {
    done ??= work();
    return done;
  };
}
