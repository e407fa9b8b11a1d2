import { harmless } from './harmless.ts';
import { tableOf } from './table.ts';
import { nameOfSource } from './tenant-name.ts';
import type { Style, Terminal } from './terminal.ts';

interface Reference {
  readonly id: string;
  readonly name: string | null;
  readonly slug: string | null;
}

/** One who had a say in what applies. */
export interface Candidate {
  readonly tenant: Reference;
  readonly value: string;
  /** What it says to those below: `locked`, or the mode of a permission. */
  readonly mark: string;
  readonly outcome: keyof typeof outcomes;
  readonly revision: number;
}

const outcomes = {
  DECIDED: ['applies', 'green'],
  OVERRIDDEN: ['overridden below', 'dim'],
  SHADOWED_BY_LOCK: ['beaten by the lock above', 'yellow'],
} as const satisfies Record<string, readonly [string, Style]>;

const rules = {
  HIGHEST_LOCK: 'The highest lock wins',
  NEAREST: 'Nothing is locked, so the nearest wins',
} as const;

export interface Explanation {
  readonly heading: string;
  readonly rule: keyof typeof rules;
  /** The same in a sentence of the server. */
  readonly text: string;
  /** From the root down to the tenant. */
  readonly candidates: readonly Candidate[];
}

/** Draws who had a say in what applies, from the root down, and whose word counted. */
export function drawExplanation(terminal: Terminal, { heading, rule, text, candidates }: Explanation): string[] {
  const { paint } = terminal;
  const rows = candidates.map(({ tenant, value, mark, outcome, revision }, level) => {
    const [words, style] = outcomes[outcome];
    const name = `${level === 0 ? '' : `${'   '.repeat(level - 1)}└─ `}${nameOfSource(tenant)}`;
    const isDecisive = outcome === 'DECIDED';
    return [
      { text: `${isDecisive ? '▸' : ' '} ${name}`, style },
      { text: value, style },
      { text: mark, style },
      { text: words, style },
      { text: `revision ${revision}`, style: 'dim' as const },
    ];
  });
  const [, ...lines] = tableOf(terminal, ['', '', '', '', ''], rows);
  return [paint('bold', harmless(heading)), '', ...lines, '', `${rules[rule]}. ${harmless(text)}`];
}
