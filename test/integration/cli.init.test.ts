import { mkdir, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { main } from '../../src/cli/main.ts';
import {
  bareProject,
  commonJsProject,
  expressProject,
  type Files,
  fastifyProject,
  honoProject,
  nestProject,
  nextAppProject,
  nextPagesProject,
} from '../support/bare-projects.ts';
import { captureStreams } from '../support/captured-streams.ts';

async function init(folder: string, ...flags: string[]) {
  const streams = captureStreams();
  const code = await main(['init', folder, '--json', ...flags], {}, streams);
  return { code, out: streams.out(), err: streams.err(), report: code === 0 ? JSON.parse(streams.out()) : null };
}

async function filesIn(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const read = paths.map(async (path) => [path.slice(folder.length + 1), await readFile(path, 'utf8')] as const);
  return Object.fromEntries(await Promise.all(read));
}

const typescript = { language: 'typescript', modules: 'esm' };

test.each<[string, Files, object, string[]]>([
  [
    'Express',
    expressProject,
    { ...typescript, framework: 'express', packageManager: 'npm', orm: 'prisma' },
    ['src/stratum.ts'],
  ],
  [
    'Express with require',
    commonJsProject,
    { framework: 'express', packageManager: 'yarn', orm: 'pg', language: 'javascript', modules: 'cjs' },
    ['stratum.js'],
  ],
  [
    'Fastify',
    fastifyProject,
    { ...typescript, framework: 'fastify', packageManager: 'pnpm', orm: 'kysely' },
    ['src/stratum.ts'],
  ],
  [
    'Hono',
    honoProject,
    { ...typescript, framework: 'hono', packageManager: 'bun', orm: 'drizzle' },
    ['src/stratum.ts'],
  ],
  [
    'NestJS',
    nestProject,
    { ...typescript, framework: 'nestjs', packageManager: 'npm', orm: 'sequelize' },
    ['src/stratum.ts'],
  ],
  [
    'Next.js',
    nextAppProject,
    { language: 'typescript', framework: 'next-app', packageManager: 'npm', orm: 'none' },
    ['lib/stratum.ts', 'app/api/tenant/route.ts'],
  ],
  [
    'Next.js with pages',
    nextPagesProject,
    { language: 'typescript', framework: 'next-pages' },
    ['src/lib/stratum.ts', 'src/pages/api/tenant.ts'],
  ],
  [
    'Next.js beside sources of something else',
    { ...nextAppProject, 'src/worker.ts': 'export {};\n' },
    { framework: 'next-app' },
    ['lib/stratum.ts', 'app/api/tenant/route.ts'],
  ],
])('%s: what the project is made of is found, and only files of its own are added', async (_, files, found, added) => {
  await using project = await bareProject(files);

  const { code, report, err } = await init(project.folder);

  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(report).toMatchObject(found);
  const after = await filesIn(project.folder);
  expect(after).toMatchObject(files);
  expect(Object.keys(after).sort()).toEqual([...Object.keys(files), ...added, '.env.example'].sort());
});

test('a second time changes nothing, and says so', async () => {
  await using project = await bareProject(fastifyProject);
  await init(project.folder);
  const before = await filesIn(project.folder);

  const { code, report } = await init(project.folder);

  expect(code).toBe(0);
  expect(report.files.map(({ action }: { action: string }) => action)).toEqual(['keep', 'keep']);
  expect(await filesIn(project.folder)).toEqual(before);
});

test('a file that is there and differs is named and left alone, and nothing else is written; --force replaces it', async () => {
  await using project = await bareProject({ ...expressProject, 'src/stratum.ts': 'export const mine = true;\n' });
  const before = await filesIn(project.folder);

  const refused = await init(project.folder);
  const after = await filesIn(project.folder);
  const forced = await init(project.folder, '--force');

  expect(refused).toMatchObject({ code: 1, out: '' });
  expect(refused.err).toContain('src/stratum.ts');
  expect(after).toEqual(before);
  expect(forced.report.files[0]).toMatchObject({ path: 'src/stratum.ts', action: 'replace' });
  expect(await readFile(join(project.folder, 'src/stratum.ts'), 'utf8')).toContain('stratum-graphql/sdk');
});

test('.env.example keeps what it has, and gets only what it lacks', async () => {
  const mine = 'DATABASE_URL=postgresql://localhost/app\n#STRATUM_URL = https://stratum.example.com';
  await using project = await bareProject({ ...expressProject, '.env.example': mine });

  await init(project.folder);

  const text = await readFile(join(project.folder, '.env.example'), 'utf8');
  expect(text.startsWith(`${mine}\n`)).toBe(true);
  expect(text.match(/STRATUM_URL/g)).toHaveLength(1);
  expect(text).toMatch(/^STRATUM_API_KEY=/m);
});

test('--dry-run writes nothing and shows what would be written', async () => {
  await using project = await bareProject(honoProject);

  const { report } = await init(project.folder, '--dry-run');

  expect(report).toMatchObject({ dryRun: true, files: [{ action: 'create' }, { action: 'create' }] });
  expect(report.files[0].content).toContain('tenancy.hono(rules)');
  expect(await filesIn(project.folder)).toEqual(honoProject);
});

test('flags win over what was found', async () => {
  await using project = await bareProject(expressProject);

  const { report } = await init(project.folder, '--framework', 'fastify', '--package-manager', 'pnpm', '--orm', 'none');

  expect(report).toMatchObject({ framework: 'fastify', packageManager: 'pnpm', orm: 'none' });
  expect(JSON.stringify(report.steps)).toContain('pnpm add stratum-graphql');
});

test.each(['prisma', 'drizzle', 'kysely', 'knex', 'sequelize', 'pg'])(
  'people who use %s are shown how it asks for the rows of one tenant',
  async (orm) => {
    await using project = await bareProject(nextAppProject);
    const streams = captureStreams();

    expect(await main(['init', project.folder, '--orm', orm], {}, streams)).toBe(0);

    expect(streams.out()).toMatch(
      /its own alone:\n +import \{ getTenantContext \}.*\n +.*getTenantContext\(\)\.tenant_id/,
    );
  },
);

test('when a file can not be written, those before it are taken back, folders and all', async () => {
  await using project = await bareProject(nextAppProject);
  // A folder where a file should be: found when it is opened, behind the first file.
  await mkdir(join(project.folder, 'app/api'), { recursive: true });
  await symlink(join(project.folder, 'nowhere/route.ts'), join(project.folder, 'app/api/tenant'));
  const before = await filesIn(project.folder);

  const { code, err } = await init(project.folder);

  expect(code).toBe(1);
  expect(err).toContain('app/api/tenant');
  expect(await filesIn(project.folder)).toEqual(before);
  expect(await readdir(project.folder)).not.toContain('lib');
});

test.each<[string, Files, number, RegExp]>([
  ['a folder without package.json', { 'index.js': '' }, 1, /no package\.json/],
  ['a package.json that is no JSON', { 'package.json': '{' }, 1, /not a JSON object/],
  ['a package.json that is a list', { 'package.json': '[]' }, 1, /not a JSON object/],
  ['dependencies that are no object', { 'package.json': '{"dependencies":["express"]}' }, 2, /--framework/],
  ['no framework', { 'package.json': '{"dependencies":{}}' }, 2, /--framework/],
])('%s: a sentence, and nothing written', async (_, files, exitCode, sentence) => {
  await using project = await bareProject(files);

  const { code, out, err } = await init(project.folder);

  expect({ code, out }).toEqual({ code: exitCode, out: '' });
  expect(err).toMatch(sentence);
  expect(err).not.toMatch(/\n\s+at /);
  expect(await filesIn(project.folder)).toEqual(files);
});

test.each([
  ['a file', '.env.example', 'secrets'],
  ['a folder', 'src', '.'],
])('%s that is a link out of the project is left alone, and nothing else is written', async (_what, path, target) => {
  await using elsewhere = await bareProject({ secrets: 'A=1\n' });
  await using project = await bareProject(expressProject);
  const { folder } = project;
  await rm(join(folder, path), { recursive: true, force: true });
  await symlink(join(elsewhere.folder, target), join(folder, path));
  const before = await filesIn(folder);
  const { code, err } = await init(folder, '--force');
  expect(code).toBe(1);
  expect(err).toContain('is a link that leads out of');
  expect(await filesIn(elsewhere.folder)).toEqual({ secrets: 'A=1\n' });
  expect(await filesIn(folder)).toEqual(before);
});
