/** One line of a metrics text. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const comment = /^# (HELP [a-zA-Z_:][\w:]* .+|TYPE [a-zA-Z_:][\w:]* (counter|gauge|histogram|summary|untyped))$/;
const sample = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? ([+-]?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?|Inf)|nan)$/i;
const label = /([a-zA-Z_]\w*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/y;

/** Reads a text as Prometheus does, to which numbers are those of Go: `Nan` is one.  Throws at the first line that is none of the format. */
export function readMetrics(text: string): Sample[] {
  return text.split('\n').flatMap((line) => {
    if (line === '' || comment.test(line)) {
      return [];
    }
    const [, name, labels = '', value] = sample.exec(line) ?? [];
    if (name === undefined || value === undefined) {
      throw new Error(`not a line of metrics: ${line}`);
    }
    return [{ name, labels: readLabels(labels, line), value: Number(value.replace('Inf', 'Infinity')) }];
  });
}

function readLabels(text: string, line: string): Record<string, string> {
  const labels: Record<string, string> = {};
  for (let at = 0; at < text.length; at = label.lastIndex) {
    label.lastIndex = at;
    const [, name, value] = label.exec(text) ?? [];
    if (name === undefined || value === undefined) {
      throw new Error(`not labels of metrics: ${line}`);
    }
    labels[name] = value;
  }
  return labels;
}
