import { resolveCommand } from 'package-manager-detector/commands';
import { jsonText } from '../harmless.ts';
import type { Integration } from './integration.ts';
import { ownRows } from './own-rows.ts';
import type { Framework, PackageManager, Project } from './project.ts';
import { importLine } from './source.ts';
import type { Change } from './write-files.ts';

/** All that is known before anything is written. */
export interface Plan {
  readonly project: Project & { readonly framework: Framework };
  readonly use: Integration['use'];
  readonly changes: readonly Change[];
}

/** What is left to the person, in order: a sentence each, and what belongs to it. */
interface Step {
  readonly text: string;
  readonly lines: readonly string[];
}

/** For a program. */
export function jsonReport({ project, changes, ...plan }: Plan, dryRun: boolean): string {
  const { folder, framework, orm, packageManager, language, modules } = project;
  const files = changes.map(({ path, action, content }) => ({ path, action, content }));
  const steps = stepsOf({ project, changes, ...plan });
  return jsonText({ dryRun, folder, framework, orm, packageManager, language, modules, files, steps });
}

/** For a person. */
export function textReport(plan: Plan, dryRun: boolean): string[] {
  const { framework, orm, packageManager, language, modules } = plan.project;
  const found = [framework, language, modules, packageManager, ...(orm === 'none' ? [] : [orm])].join(', ');
  const steps = stepsOf(plan).flatMap(({ text, lines }, index) => [
    `${index + 1}. ${text}`,
    ...lines.map((line) => `     ${line}`),
  ]);
  const heading = dryRun ? 'Nothing was changed; these files would be:' : 'Files:';
  return [found, '', heading, ...plan.changes.map(describe), '', 'What is left to do:', ...steps];
}

const words = { create: 'new', replace: 'replaced', extend: 'added to', keep: 'as it was' };

function describe({ path, action }: Change): string {
  return `  ${words[action].padEnd(9)}  ${path}`;
}

function stepsOf({ project, use }: Plan): Step[] {
  const needed = neededPackages(project);
  const query = ownRows[project.orm];
  const importContext = importLine({ names: ['getTenantContext'], from: 'stratum-graphql/sdk' }, project);
  const install = { text: 'Install what it needs:', lines: needed };
  return [
    ...(needed.length > 0 ? [install] : []),
    { text: 'Copy .env.example to .env, and start your program with it:', lines: environmentLines(project) },
    { text: use.where, lines: use.code },
    ...(query === ''
      ? []
      : [{ text: 'Where you read rows of a tenant, ask for its own alone:', lines: [importContext, query] }]),
    {
      text: 'Start a control plane, unless you have one:',
      lines: [commandOf(project.packageManager, 'execute-local', ['stratum', 'dev'])],
    },
  ];
}

/** The commands that install what the generated modules import. */
function neededPackages({ packages, packageManager, language }: Project): string[] {
  const types = language === 'typescript' && !packages.has('@types/node');
  const missing = [
    ...(packages.has('stratum-graphql') ? [] : [['stratum-graphql']]),
    ...(types ? [['-D', '@types/node']] : []),
  ];
  return missing.map((names) => commandOf(packageManager, 'add', names));
}

function commandOf(packageManager: PackageManager, name: 'add' | 'execute-local', names: string[]): string {
  const { command, args } = resolveCommand(packageManager, name, names) ?? { command: packageManager, args: names };
  return [command, ...args].join(' ');
}

function environmentLines({ framework }: Project): string[] {
  return framework === 'next-app' || framework === 'next-pages'
    ? ['cp .env.example .env   # Next.js reads it by itself']
    : ['cp .env.example .env', 'node --env-file=.env …   # or NODE_OPTIONS=--env-file=.env'];
}
