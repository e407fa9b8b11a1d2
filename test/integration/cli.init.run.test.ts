import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
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
} from '../support/bare-projects.ts';
import { type BuiltPackage, buildPackage, compile, linkPackages, root } from '../support/built-package.ts';
import { captureStreams } from '../support/captured-streams.ts';
import { follow, startApp } from '../support/initialized-app.ts';
import { type Listening, listen } from '../support/listening.ts';

let built: BuiltPackage;
let control: Listening;
let tenant: string;
beforeAll(async () => {
  [built, control] = await Promise.all([buildPackage(), listen()]);
  const answer = await fetch(`${control.url}/api/v1/tenants`, {
    method: 'POST',
    headers: { 'X-API-Key': control.apiKey, 'Content-Type': 'application/json' },
    body: JSON.stringify({ name: 'Acme', slug: 'acme' }),
  });
  tenant = ((await answer.json()) as { id: string }).id;
}, 120_000);
afterAll(async () => {
  await control.close();
  await built[Symbol.asyncDispose]();
});

const installed = (...names: string[]) =>
  Object.fromEntries(names.map((name) => [name, join(root, 'node_modules', name)]));
const express4 = { express: join(root, 'node_modules/express4') };
const shared = ['@types'];

/** What `stratum init` tells to do with the project's own code. */
async function initialize(folder: string): Promise<string[]> {
  const streams = captureStreams();
  expect(await main(['init', folder, '--json'], {}, streams)).toBe(0);
  const { steps } = JSON.parse(streams.out()) as { steps: { lines: string[] }[] };
  return steps.find(({ lines }) => /\.\/stratum|withTenant/.test(lines[0] ?? ''))!.lines;
}

/** Starts a program of the project as a person would, with `.env.example` as its settings. */
async function start(folder: string, file: string) {
  const app = await startApp(folder, ['--env-file=.env.example', file], { STRATUM_URL: control.url });
  const whoami = (headers?: Record<string, string>) => app.ask('/whoami', headers);
  return { whoami, [Symbol.asyncDispose]: () => app[Symbol.asyncDispose]() };
}

test.each<[string, Files, string, Record<string, string>]>([
  ['Express', expressProject, 'src/server.ts', installed('express', ...shared)],
  ['Express 4 with require', commonJsProject, 'server.js', express4],
  ['Fastify', fastifyProject, 'src/server.ts', installed('fastify', ...shared)],
  ['Hono', honoProject, 'src/server.ts', installed('hono', '@hono/node-server', ...shared)],
])(
  '%s: with the lines that init tells, the program knows the tenant of a request',
  async (_, files, file, packages) => {
    await using project = await bareProject(files);
    await linkPackages(project.folder, { ...packages, 'stratum-graphql': built.folder });

    await follow(join(project.folder, file), await initialize(project.folder));

    await using app = await start(project.folder, file);
    expect(await app.whoami({ 'X-Tenant-ID': tenant })).toEqual({ status: 200, body: { tenant } });
    expect(await app.whoami()).toMatchObject({ status: 400, body: { error: { code: 'MISSING_TENANT' } } });
    const unknown = '01990000-0000-7000-8000-000000000000';
    expect(await app.whoami({ 'X-Tenant-ID': unknown })).toMatchObject({ status: 404 });
  },
);

const nestPackages = [
  '@nestjs/common',
  '@nestjs/core',
  '@nestjs/platform-express',
  'reflect-metadata',
  'rxjs',
  'express',
];

test('NestJS: with the module that init tells to import, compiled, the program knows the tenant of a request', async () => {
  await using project = await bareProject(nestProject);
  await linkPackages(project.folder, { ...installed(...nestPackages, ...shared), 'stratum-graphql': built.folder });
  const [importLine, decorator = ''] = await initialize(project.folder);
  const file = join(project.folder, 'src/app.module.ts');
  const own = await readFile(file, 'utf8');
  const [imports] = /imports: \[.*\]/.exec(decorator) ?? [];
  await writeFile(file, `${importLine}\n${own.replace('@Module({', `@Module({ ${imports},`)}`);
  await compile(
    '-p',
    project.folder,
    '--noEmit',
    'false',
    '--rootDir',
    join(project.folder, 'src'),
    '--outDir',
    join(project.folder, 'dist'),
  );

  await using app = await start(project.folder, 'dist/main.js');
  expect(await app.whoami({ 'X-Tenant-ID': tenant })).toEqual({ status: 200, body: { tenant } });
  expect(await app.whoami()).toMatchObject({ status: 400, body: { error: { code: 'MISSING_TENANT' } } });
});

/** What Next.js does with routes, as far as it matters here: a handler that fails is answered with 500. */
const pagesServer = `import { createServer } from 'node:http';
import { getTenantContext, withTenant } from './lib/stratum.js';

const handler = withTenant((request, response) => {
  if (request.headers['x-fail']) throw new Error('a handler of somebody');
  response.end(JSON.stringify({ tenant: getTenantContext().tenant_id }));
});
createServer((request, response) => {
  Promise.resolve(handler(request, response)).catch(() => response.writeHead(500).end('{}'));
}).listen(process.env.PORT);
`;
const appServer = `import { serve } from '@hono/node-server';
import { withTenant } from './lib/stratum.js';

const handler = withTenant((request, { tenant }) => {
  if (request.headers.get('x-fail')) throw new Error('a handler of somebody');
  return Response.json({ tenant: tenant.tenant_id });
});
const fetch = (request) => handler(request, {}).catch(() => Response.json({}, { status: 500 }));
serve({ fetch, port: Number(process.env.PORT) });
`;
const nextPackage = JSON.stringify({ dependencies: { next: '^16.0.0' } });

test.each<[string, Files]>([
  ['pages', { 'package.json': nextPackage, 'pages/index.js': '', 'server.mjs': pagesServer }],
  ['app', { 'package.json': nextPackage, 'app/page.js': '', 'server.mjs': appServer }],
])(
  'Next.js, the %s router: what wraps a route lets in requests of tenants alone, and passes on what fails',
  async (_, files) => {
    await using project = await bareProject(files);
    await linkPackages(project.folder, { ...installed('hono', '@hono/node-server'), 'stratum-graphql': built.folder });
    await initialize(project.folder);

    await using app = await start(project.folder, 'server.mjs');
    expect(await app.whoami({ 'X-Tenant-ID': tenant, 'X-Fail': '1' })).toEqual({ status: 500, body: {} });
    expect(await app.whoami({ 'X-Tenant-ID': tenant })).toEqual({ status: 200, body: { tenant } });
    expect(await app.whoami()).toMatchObject({ status: 400, body: { error: { code: 'MISSING_TENANT' } } });
  },
);

test('without its settings the program ends with a sentence that says where they are shown', async () => {
  await using project = await bareProject(commonJsProject);
  await linkPackages(project.folder, { ...express4, 'stratum-graphql': built.folder });
  await follow(join(project.folder, 'server.js'), await initialize(project.folder));

  const child = spawn(process.execPath, ['server.js'], { cwd: project.folder, env: { PATH: process.env['PATH'] } });
  let output = '';
  child.stderr.on('data', (chunk) => {
    output += chunk;
  });
  const [code] = await once(child, 'close');

  expect(code).toBe(1);
  expect(output).toContain('STRATUM_URL and STRATUM_API_KEY must be set: see .env.example');
});

test.each<[string, Files, string | null, string[]]>([
  ['Express', expressProject, 'src/server.ts', ['express']],
  ['Fastify', fastifyProject, 'src/server.ts', ['fastify']],
  ['Hono', honoProject, 'src/server.ts', ['hono', '@hono/node-server']],
  ['NestJS', nestProject, null, nestPackages],
  ['Next.js', withoutPages(nextAppProject), null, []],
])('%s: what init writes, and the lines it tells, compile under strict settings', async (_, files, file, packages) => {
  await using project = await bareProject(files);
  await linkPackages(project.folder, { ...installed(...packages, ...shared), 'stratum-graphql': built.folder });

  const lines = await initialize(project.folder);
  if (file !== null) {
    await follow(join(project.folder, file), lines);
  }

  await compile('-p', project.folder);
});

/** React is not installed here: the routes are compiled alone. */
function withoutPages(files: Files): Files {
  return Object.fromEntries(Object.entries(files).filter(([path]) => !path.endsWith('.tsx')));
}
