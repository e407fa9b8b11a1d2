import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const root = join(import.meta.dirname, '../..');
const run = promisify(execFile);

/** A folder of somebody else, which is removed in the end. */
export interface Folder extends AsyncDisposable {
  readonly path: string;
  /** Writes a file and the folders it is in. */
  write(name: string, text: string): Promise<void>;
  /** Runs a program there and gives what it said. @throws With what it said when it fails. */
  run(program: string, args: readonly string[], env?: Readonly<Record<string, string>>): Promise<string>;
}

/** An empty folder with the `package.json` of a stranger. */
export async function strangersFolder(): Promise<Folder> {
  const path = await mkdtemp(join(tmpdir(), 'stratum-stranger-'));
  const { PATH, HOME, npm_config_cache, NODE_EXTRA_CA_CERTS } = process.env; // the last for a registry behind a proxy
  const write = async (name: string, text: string): Promise<void> => {
    await mkdir(dirname(join(path, name)), { recursive: true });
    await writeFile(join(path, name), text);
  };
  await write('package.json', JSON.stringify({ name: 'stranger', private: true, type: 'module' }));
  return {
    path,
    write,
    run: async (program, args, env = {}) => {
      try {
        const { stdout } = await run(program, args, {
          cwd: path,
          env: {
            PATH,
            HOME,
            ...(npm_config_cache && { npm_config_cache }),
            ...(NODE_EXTRA_CA_CERTS && { NODE_EXTRA_CA_CERTS }),
            ...env,
          },
          timeout: 240_000,
        });
        return stdout;
      } catch (error) {
        const { message, stdout, stderr } = error as Error & { stdout?: string; stderr?: string };
        throw new Error([message, stdout, stderr].join('\n'), { cause: error });
      }
    },
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}

/** Builds the package and gives its tarball, without touching the `dist` of this checkout. */
export async function packTarball(into: string): Promise<string> {
  const stage = await mkdtemp(join(tmpdir(), 'stratum-pack-'));
  try {
    await stagePackage(stage);
    const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', into], {
      cwd: stage,
    });
    const [packed] = JSON.parse(stdout) as [{ filename: string }];
    return join(into, packed.filename);
  } finally {
    await rm(stage, { recursive: true, force: true });
  }
}

/** The package as it is published, laid into `node_modules` beside links to what this checkout has installed: an install without a registry. */
export async function linkPackage(folder: string, others: readonly string[]): Promise<void> {
  const modules = join(folder, 'node_modules');
  await stagePackage(join(modules, 'stratum-graphql'));
  const { dependencies } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  for (const name of new Set([...Object.keys(dependencies), ...others])) {
    await mkdir(dirname(join(modules, name)), { recursive: true });
    await symlink(join(root, 'node_modules', name), join(modules, name));
  }
}

async function stagePackage(stage: string): Promise<void> {
  await mkdir(stage, { recursive: true });
  for (const name of ['package.json', 'README.md', 'LICENSE', 'schema.graphql', 'prisma/migrations']) {
    await cp(join(root, name), join(stage, name), { recursive: true });
  }
  await run(
    process.execPath,
    [join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json', '--outDir', join(stage, 'dist')],
    {
      cwd: root,
    },
  );
}
