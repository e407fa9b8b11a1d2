import type { Terminal } from '../../src/cli/terminal.ts';
import type { DemoTreeNodeFragment } from '../../src/client/index.ts';

type Paint = Terminal['paint'];

/** One line below a tenant's name. */
interface Detail {
  readonly lead: string;
  readonly key: string;
  readonly value: string;
  readonly source: string;
  readonly marks: string;
}

/** A finished line, or one whose columns are still to be aligned. */
type Line = string | Detail;

/** Draws tenants, given depth-first, as a tree: under each its resolved config and permissions, in columns aligned over all of it. */
export function drawTree(tenants: readonly DemoTreeNodeFragment[], paint: Paint): string[] {
  const lines = tenants.flatMap((tenant, position) => describe(tenant, branchAt(tenants, position), paint));
  const details = lines.filter((line) => typeof line !== 'string');
  const pad = (column: keyof Detail, { [column]: text }: Detail): string =>
    text.padEnd(Math.max(...details.map((detail) => detail[column].length)));
  const draw = (detail: Detail): string => {
    const source = paint(detail.source === 'own' ? 'green' : 'cyan', pad('source', detail));
    const columns = [
      paint('dim', pad('lead', detail)),
      pad('key', detail),
      paint('bold', pad('value', detail)),
      source,
    ];
    return [...columns, paint('yellow', detail.marks)].join('  ').trimEnd();
  };
  return lines.map((line) => (typeof line === 'string' ? line : draw(line)));
}

/** The rails in front of a tenant's name and in front of what stands below the name. */
interface Branch {
  readonly name: string;
  readonly below: string;
}

function branchAt(tenants: readonly DemoTreeNodeFragment[], position: number): Branch {
  const depth = (at: number): number => (tenants[at]?.depth ?? 0) - (tenants[0]?.depth ?? 0);
  const own = depth(position);
  // Whether another tenant of this level follows before the tree turns back above it.
  const continues = (level: number): boolean => {
    const next = tenants.findIndex((_, at) => at > position && depth(at) <= level);
    return next !== -1 && depth(next) === level;
  };
  const rails = Array.from({ length: Math.max(0, own - 1) }, (_, index) => (continues(index + 1) ? '│  ' : '   ')).join(
    '',
  );
  const hasChildren = position + 1 < tenants.length && depth(position + 1) > own;
  const stem = hasChildren ? '│  ' : '   ';
  return own === 0
    ? { name: '', below: stem }
    : { name: `${rails}${continues(own) ? '├─ ' : '└─ '}`, below: `${rails}${continues(own) ? '│  ' : '   '}${stem}` };
}

function describe(tenant: DemoTreeNodeFragment, { name, below }: Branch, paint: Paint): Line[] {
  const status = tenant.status === 'active' ? '' : `  ${paint('red', tenant.status)}`;
  const heading = `${paint('dim', name)}${paint('bold', tenant.name)}  ${paint('dim', tenant.slug)}${status}`;
  const sections = [
    section('config', below, tenant.resolvedConfig.map(configDetail)),
    section('permissions', below, tenant.resolvedPermissions.map(permissionDetail)),
  ];
  return [heading, ...sections.flat(), paint('dim', below.trimEnd())];
}

type Words = Omit<Detail, 'lead'>;

function section(label: string, below: string, details: readonly Words[]): Detail[] {
  return [...details]
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map((detail, position) => ({ ...detail, lead: `${below}${position === 0 ? label : ''}` }));
}

function configDetail({
  key,
  value,
  masked,
  locked,
  sensitive,
  inherited,
  source,
}: DemoTreeNodeFragment['resolvedConfig'][number]): Words {
  const marks = [locked ? 'locked' : '', sensitive ? 'sensitive' : ''].filter(Boolean).join(', ');
  return { key, value: show(value, masked), source: sourceOf(inherited, source), marks };
}

function permissionDetail(permission: DemoTreeNodeFragment['resolvedPermissions'][number]): Words {
  const { key, value, mode, revocationMode, inherited, source } = permission;
  return { key, value: show(value), source: sourceOf(inherited, source), marks: `${mode}, ${revocationMode}` };
}

/** An ancestor above the caller's own tenant has no name for them. */
function sourceOf(inherited: boolean, source: { readonly name: string | null }): string {
  return inherited ? `from ${source.name ?? 'above'}` : 'own';
}

const longestValue = 40;

/** A value as JSON on one line, shortened; what is masked is never printed, whatever arrived. */
export function show(value: unknown, masked = false): string {
  const text = masked ? '••••••' : (JSON.stringify(value) ?? '');
  return text.length > longestValue ? `${text.slice(0, longestValue - 1)}…` : text;
}
