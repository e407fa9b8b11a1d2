import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { detect } from 'package-manager-detector/detect';

export const frameworks = ['express', 'fastify', 'hono', 'nestjs', 'next-app', 'next-pages'] as const;
export const orms = ['prisma', 'drizzle', 'kysely', 'knex', 'sequelize', 'pg', 'none'] as const;
export const packageManagers = ['npm', 'pnpm', 'yarn', 'bun'] as const;

export type Framework = (typeof frameworks)[number];
export type Orm = (typeof orms)[number];
export type PackageManager = (typeof packageManagers)[number];

/** What a folder with a package.json says of itself. */
export interface Project {
  readonly folder: string;
  readonly packages: ReadonlySet<string>;
  readonly framework: Framework | null;
  readonly orm: Orm;
  readonly packageManager: PackageManager;
  readonly language: 'typescript' | 'javascript';
  readonly modules: 'esm' | 'cjs';
  /** Whether imports must name TypeScript files as they are, as where Node runs them. */
  readonly importsTypeScript: boolean;
  /** `src`, or empty where sources lie in the folder itself. */
  readonly sourceFolder: string;
}

/** Whether a project has something at a path. */
type Has = (path: string) => Promise<boolean>;

/**
 * Looks at a project without running anything of it.
 * @throws With a sentence when there is no package.json that can be read.
 */
export async function readProject(folder: string): Promise<Project> {
  const { packages, type } = await readPackage(folder);
  const has: Has = (path) => isThere(join(folder, path));
  const tsconfig = await readFile(join(folder, 'tsconfig.json'), 'utf8').catch(() => null);
  return {
    folder,
    packages,
    framework: await frameworkOf(packages, has),
    orm: ormPackages.find(([, name]) => packages.has(name))?.[0] ?? 'none',
    packageManager: await packageManagerOf(folder),
    language: tsconfig !== null || packages.has('typescript') ? 'typescript' : 'javascript',
    modules: type === 'module' ? 'esm' : 'cjs',
    importsTypeScript: /"(allowImportingTsExtensions|rewriteRelativeImportExtensions)"\s*:\s*true/.test(tsconfig ?? ''),
    sourceFolder: (await sourcesAreIn('src', packages, has)) ? 'src' : '',
  };
}

/** Next.js doesn't look into `src` where its folders lie beside it. */
async function sourcesAreIn(folder: string, packages: ReadonlySet<string>, has: Has): Promise<boolean> {
  const beside = packages.has('next') && ((await has('app')) || (await has('pages')));
  return !beside && has(folder);
}

async function readPackage(folder: string): Promise<{ packages: Set<string>; type: unknown }> {
  const file = join(folder, 'package.json');
  const text = await readFile(file, 'utf8').catch(() => {
    throw new Error(
      `there is no package.json in ${folder}: run this in the folder of your project, or "npm init" first`,
    );
  });
  const content = parsed(text);
  if (content === null) {
    throw new Error(`${file} is not a JSON object`);
  }
  const packages = ['dependencies', 'devDependencies'].flatMap((name) => Object.keys(objectOf(content[name]) ?? {}));
  return { packages: new Set(packages), type: content['type'] };
}

function parsed(text: string): Record<string, unknown> | null {
  try {
    return objectOf(JSON.parse(text));
  } catch {
    return null;
  }
}

function objectOf(value: unknown): Record<string, unknown> | null {
  // An object that JSON gives has only what it was written with.
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : null;
}

/** Those that stand on others come first: NestJS brings Express along. */
const frameworkPackages: readonly (readonly [Framework, string])[] = [
  ['nestjs', '@nestjs/core'],
  ['fastify', 'fastify'],
  ['hono', 'hono'],
  ['express', 'express'],
];

async function frameworkOf(packages: ReadonlySet<string>, has: Has): Promise<Framework | null> {
  if (packages.has('next')) {
    const pages = (await has('pages')) || (await has('src/pages'));
    const app = (await has('app')) || (await has('src/app'));
    return pages && !app ? 'next-pages' : 'next-app';
  }
  return frameworkPackages.find(([, name]) => packages.has(name))?.[0] ?? null;
}

/** Most of them bring `pg` along, which so comes last. */
const ormPackages: readonly (readonly [Orm, string])[] = [
  ['prisma', '@prisma/client'],
  ['drizzle', 'drizzle-orm'],
  ['kysely', 'kysely'],
  ['knex', 'knex'],
  ['sequelize', 'sequelize'],
  ['pg', 'pg'],
];

async function packageManagerOf(folder: string): Promise<PackageManager> {
  const found = await detect({ cwd: folder });
  return packageManagers.find((name) => name === found?.name) ?? 'npm';
}

export function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
