import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A project as somebody has it the day before they hear of Stratum. */
export interface BareProject extends AsyncDisposable {
  readonly folder: string;
}

export type Files = Readonly<Record<string, string>>;

/** Writes files into a new folder, which goes when the project is disposed of. */
export async function bareProject(files: Files): Promise<BareProject> {
  const folder = await mkdtemp(join(tmpdir(), 'stratum-project-'));
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  return { folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}

const strict = {
  strict: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  noPropertyAccessFromIndexSignature: true,
  noImplicitReturns: true,
  noUnusedLocals: true,
  noUnusedParameters: true,
  verbatimModuleSyntax: true,
  isolatedModules: true,
  skipLibCheck: true,
  noEmit: true,
};

const node = {
  ...strict,
  target: 'es2023',
  module: 'nodenext',
  types: ['node'],
  erasableSyntaxOnly: true,
  allowImportingTsExtensions: true,
};

function packageJson(fields: object): string {
  return `${JSON.stringify({ name: 'bare', private: true, version: '0.0.0', ...fields }, null, 2)}\n`;
}

function tsconfig(compilerOptions: object): string {
  return `${JSON.stringify({ compilerOptions, include: ['**/*.ts', '**/*.tsx'] }, null, 2)}\n`;
}

/** Express 5 in TypeScript that Node runs as it is, npm, Prisma. Answers `/whoami`; listens on PORT. */
export const expressProject: Files = {
  'package.json': packageJson({
    type: 'module',
    dependencies: { express: '^5.1.0', '@prisma/client': '^7.0.0' },
    devDependencies: { typescript: '^6.0.0', '@types/express': '^5.0.0', '@types/node': '^24.0.0' },
  }),
  'package-lock.json': '{}\n',
  'tsconfig.json': tsconfig(node),
  'src/server.ts': `import express from 'express';

const app = express();

app.get('/whoami', (request, response) => {
  response.json({ tenant: request.tenant?.tenant_id ?? null });
});

app.listen(Number(process.env['PORT']), '127.0.0.1');
`,
};

/** Express in JavaScript with `require`, yarn, pg. */
export const commonJsProject: Files = {
  'package.json': packageJson({ dependencies: { express: '^4.21.0', pg: '^8.0.0' } }),
  'yarn.lock': '',
  'server.js': `const express = require('express');

const app = express();

app.get('/whoami', (request, response) => {
  response.json({ tenant: request.tenant ? request.tenant.tenant_id : null });
});

app.listen(Number(process.env.PORT), '127.0.0.1');
`,
};

/** Fastify 5 in TypeScript, pnpm, Kysely. */
export const fastifyProject: Files = {
  'package.json': packageJson({
    type: 'module',
    packageManager: 'pnpm@10.0.0',
    dependencies: { fastify: '^5.0.0', kysely: '^0.28.0', pg: '^8.0.0' },
    devDependencies: { typescript: '^6.0.0', '@types/node': '^24.0.0' },
  }),
  'tsconfig.json': tsconfig(node),
  'src/server.ts': `import Fastify from 'fastify';

const app = Fastify();

app.get('/whoami', async (request) => ({ tenant: request.tenant?.tenant_id ?? null }));

await app.listen({ port: Number(process.env['PORT']), host: '127.0.0.1' });
`,
};

/** Hono on Node in TypeScript, bun, Drizzle. */
export const honoProject: Files = {
  'package.json': packageJson({
    type: 'module',
    dependencies: { hono: '^4.0.0', '@hono/node-server': '^2.0.0', 'drizzle-orm': '^0.44.0' },
    devDependencies: { typescript: '^6.0.0', '@types/node': '^24.0.0' },
  }),
  'bun.lock': '',
  'tsconfig.json': tsconfig(node),
  'src/server.ts': `import { serve } from '@hono/node-server';
import { Hono } from 'hono';

const app = new Hono<{ Variables: { tenantId?: string } }>();

app.get('/whoami', (c) => c.json({ tenant: c.get('tenantId') ?? null }));

serve({ fetch: app.fetch, port: Number(process.env['PORT']), hostname: '127.0.0.1' });
`,
};

/** NestJS on Express in TypeScript that is compiled, npm, Sequelize. */
export const nestProject: Files = {
  'package.json': packageJson({
    type: 'module',
    dependencies: { '@nestjs/common': '^12.0.0', '@nestjs/core': '^12.0.0', express: '^5.0.0', sequelize: '^6.0.0' },
    devDependencies: { typescript: '^6.0.0', '@types/node': '^24.0.0' },
  }),
  'tsconfig.json': tsconfig({
    ...strict,
    target: 'es2023',
    module: 'nodenext',
    types: ['node'],
    experimentalDecorators: true,
  }),
  'src/app.module.ts': `import { Controller, Get, Module, Req } from '@nestjs/common';

@Controller()
class WhoAmI {
  @Get('whoami')
  read(@Req() request: { tenant?: { tenant_id: string } }) {
    return { tenant: request.tenant?.tenant_id ?? null };
  }
}

@Module({ controllers: [WhoAmI] })
export class AppModule {}
`,
  'src/main.ts': `import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';

const app = await NestFactory.create(AppModule, { logger: false });
await app.listen(Number(process.env['PORT']), '127.0.0.1');
`,
};

const next = {
  ...strict,
  target: 'es2022',
  lib: ['dom', 'es2023'],
  module: 'esnext',
  moduleResolution: 'bundler',
  types: ['node'],
  jsx: 'react-jsx',
  paths: { '@/*': ['./*'] },
};

const nextPackage = packageJson({
  dependencies: { next: '^16.0.0', react: '^19.0.0', 'react-dom': '^19.0.0' },
  devDependencies: { typescript: '^6.0.0', '@types/node': '^24.0.0', '@types/react': '^19.0.0' },
});

/** Next.js with the app router. */
export const nextAppProject: Files = {
  'package.json': nextPackage,
  'tsconfig.json': tsconfig(next),
  'app/layout.tsx': `export default function Layout({ children }: { children: React.ReactNode }) {
  return (
    <html lang="en">
      <body>{children}</body>
    </html>
  );
}
`,
  'app/page.tsx': `export default function Page() {
  return <p>Hello</p>;
}
`,
};

/** Next.js with the pages router, sources in `src`. */
export const nextPagesProject: Files = {
  'package.json': nextPackage,
  'tsconfig.json': tsconfig({ ...next, paths: { '@/*': ['./src/*'] } }),
  'src/pages/index.tsx': `export default function Page() {
  return <p>Hello</p>;
}
`,
};
