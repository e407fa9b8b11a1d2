import { randomUUID } from 'node:crypto';
import { chmod, link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { identify, isAlive, type ProcessIdentity } from './process-identity.ts';

/** The mark of the one process that may use a data folder. */
export interface Ownership {
  /** Throws when somebody else has taken the folder meanwhile. */
  assert(): Promise<void>;
  release(): Promise<void>;
}

const attempts = 20;

/**
 * Claims a data folder for this process. The mark appears with its content in one step (a hard link fails when the name is taken),
 * and a mark left by a process that was killed is moved aside before a new one is set.
 * @throws When a living process has the folder.
 */
export async function claimFolder(folder: string): Promise<Ownership> {
  const file = join(folder, 'owner.json');
  const aside = `${file}.${randomUUID()}`;
  const mine = `${JSON.stringify(await identify(process.pid))}\n`;
  for (let attempt = 0; attempt < attempts; attempt++) {
    if (await place(aside, file, mine)) {
      return ownership(folder, file, mine);
    }
    const found = await readMark(file);
    await refuseWhenAlive(folder, found);
    await removeStale(file, aside, found);
  }
  throw new Error(`${folder} can't be claimed: ${file} keeps changing`);
}

/** The living process that uses a data folder, if there is one. */
export async function findOwner(folder: string): Promise<ProcessIdentity | null> {
  return livingOwner(await readMark(join(folder, 'owner.json')));
}

function ownership(folder: string, file: string, mine: string): Ownership {
  return {
    assert: async () => {
      const found = await readMark(file);
      if (found !== mine) {
        await refuseWhenAlive(folder, found);
        throw new Error(`${file} was removed by somebody else`);
      }
    },
    release: async () => {
      if ((await readMark(file)) === mine) {
        await rm(file, { force: true });
      }
    },
  };
}

/** Sets the mark unless there is one; says whether it did. */
async function place(temporary: string, file: string, mark: string): Promise<boolean> {
  await writeFile(temporary, mark);
  await chmod(temporary, 0o644);
  try {
    await link(temporary, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') {
      return false;
    }
    throw error;
  } finally {
    await rm(temporary, { force: true });
  }
}

/** Moves the stale mark away. When a quicker process has replaced it in between, its mark is put back. */
async function removeStale(file: string, aside: string, stale: string): Promise<void> {
  try {
    await rename(file, aside);
  } catch {
    return; // Somebody else has moved it: look again.
  }
  if ((await readMark(aside)) !== stale) {
    await link(aside, file).catch(() => {});
  }
  await rm(aside, { force: true });
}

async function refuseWhenAlive(folder: string, mark: string): Promise<void> {
  const owner = await livingOwner(mark);
  if (owner !== null) {
    throw new Error(
      `another Stratum (pid ${owner.pid}) is using ${folder}; stop it, or set STRATUM_DATA_DIR to another folder`,
    );
  }
}

async function livingOwner(mark: string): Promise<ProcessIdentity | null> {
  const owner = parseMark(mark);
  return owner !== null && (await isAlive(owner)) ? owner : null;
}

function readMark(file: string): Promise<string> {
  return readFile(file, 'utf8').catch(() => '');
}

/** Null for a mark that was cut off by a crash of the machine, or never was one. */
function parseMark(mark: string): ProcessIdentity | null {
  try {
    const { pid, started } = JSON.parse(mark) as Partial<ProcessIdentity>;
    return Number.isInteger(pid) && typeof started === 'string' ? { pid: Number(pid), started } : null;
  } catch {
    return null;
  }
}
