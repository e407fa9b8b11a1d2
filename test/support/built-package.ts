import { execFile } from 'node:child_process';
import { copyFile, cp, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

/** This package as `npm run build` makes it, in a folder of its own; what it depends on is what is installed here. */
export interface BuiltPackage extends AsyncDisposable {
  readonly folder: string;
}

export const root = join(import.meta.dirname, '../..');
const compiler = join(root, 'node_modules/.bin/tsc');

export async function buildPackage(): Promise<BuiltPackage> {
  const folder = await mkdtemp(join(tmpdir(), 'stratum-built-'));
  await compile('-p', join(root, 'tsconfig.build.json'), '--outDir', join(folder, 'dist'));
  await copyFile(join(root, 'package.json'), join(folder, 'package.json'));
  await cp(join(root, 'prisma/migrations'), join(folder, 'prisma/migrations'), { recursive: true });
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  return { folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}

/** Makes packages importable in a project, by the names it knows them by. */
export async function linkPackages(project: string, targets: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, target] of Object.entries(targets)) {
    const link = join(project, 'node_modules', name);
    await mkdir(dirname(link), { recursive: true });
    await symlink(target, link);
  }
}

/** Runs the compiler. @throws With what it complains of. */
export async function compile(...argv: string[]): Promise<void> {
  await promisify(execFile)(compiler, argv, { cwd: root }).catch(({ stdout }: { stdout: string }) => {
    throw new Error(stdout);
  });
}
