import { nextIntegration } from './next.ts';
import type { Framework, Project } from './project.ts';
import { importLine, render, tenancyBody } from './source.ts';
import type { PlannedFile } from './write-files.ts';

/** What is added to a project, and how its own code makes use of it. */
export interface Integration {
  readonly files: readonly PlannedFile[];
  /** What a person does with it: a sentence, and lines of code. */
  readonly use: { readonly where: string; readonly code: readonly string[] };
}

/** What one module exports, and the line that puts it to work. */
interface Wiring {
  readonly name: string;
  readonly make: string;
  readonly where: string;
  readonly line: string;
}

const wirings: Readonly<Record<Exclude<Framework, 'next-app' | 'next-pages'>, Wiring>> = {
  express: {
    name: 'tenantMiddleware',
    make: 'tenancy.middleware(rules)',
    where: 'Before your routes; behind it every request has its tenant in req.tenant:',
    line: 'app.use(tenantMiddleware);',
  },
  fastify: {
    name: 'tenantPlugin',
    make: 'tenancy.plugin(rules)',
    where: 'Before your routes; behind it every request has its tenant in request.tenant:',
    line: 'await app.register(tenantPlugin);',
  },
  hono: {
    name: 'tenantMiddleware',
    make: 'tenancy.hono(rules)',
    where: "Before your routes; behind it every request has its tenant in c.get('tenant'):",
    line: 'app.use(tenantMiddleware);',
  },
  nestjs: {
    name: 'TenancyModule',
    make: 'tenancy.nest(rules)',
    where: 'In the module of your application; behind it every request has its tenant in req.tenant:',
    line: '@Module({ imports: [TenancyModule] })',
  },
};

/** The files and the lines for a framework, in the language and the module system of the project. */
export function integrationFor(project: Project, framework: Framework): Integration {
  return framework === 'next-app' || framework === 'next-pages'
    ? nextIntegration(project, framework)
    : wired(project, wirings[framework]);
}

function wired(project: Project, { name, make, where, line }: Wiring): Integration {
  const { language, importsTypeScript, sourceFolder } = project;
  const extension = language === 'typescript' ? 'ts' : 'js';
  const source = {
    imports: [{ names: ['stratum'], from: 'stratum-graphql/sdk' }],
    body: `${tenancyBody}\nconst ${name} = ${make};`,
    exports: ['tenancy', name],
  };
  const from = `./stratum.${importsTypeScript ? extension : 'js'}`;
  return {
    files: [{ path: inFolder(sourceFolder, `stratum.${extension}`), content: render(source, project) }],
    use: { where, code: [importLine({ names: [name], from }, project), line] },
  };
}

export function inFolder(folder: string, path: string): string {
  return folder === '' ? path : `${folder}/${path}`;
}
