import type { Place } from './places.ts';

/** For bash, 3.2 and later: words alone, since it shows no descriptions. Where none fits, it offers files. */
export function bashScript(places: readonly Place[]): string {
  const program = places[0]?.path ?? '';
  const options = places.flatMap(({ path, options }) => options.map((option) => ({ path, ...option })));
  const valued = options.filter(({ takesValue }) => takesValue);
  const afterOptions = valued.map(
    ({ path, names, values }) => [names.map((name) => `${path} ${name}`), values] as const,
  );
  return `_${program}() {
  local current=\${COMP_WORDS[COMP_CWORD]} at='${program}' option='' words='' word
  for word in "\${COMP_WORDS[@]:1:$((COMP_CWORD - 1))}"; do
    if [ -n "$option" ]; then option=''; continue; fi
    case "$at $word" in
      ${patterns(places.slice(1).map(({ path }) => path))}) at="$at $word" ;;
      ${patterns(afterOptions.flatMap(([names]) => names))}) option=$word ;;
    esac
  done
  case "$at\${option:+ $option}" in
${places.map((place) => `    ${patterns([place.path])}) words='${wordsAt(place)}' ;;`).join('\n')}
${afterOptions.map(([names, values]) => `    ${patterns(names)}) words='${values.join(' ')}' ;;`).join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _${program} ${program}`;
}

/** zsh runs functions written for bash; `path` is a name of its own there. */
export function zshScript(places: readonly Place[]): string {
  return `autoload -U +X compinit && compinit -u
autoload -U +X bashcompinit && bashcompinit
${bashScript(places)}`;
}

function wordsAt({ commands, values, options }: Place): string {
  return [...commands.map(({ word }) => word), ...values, ...options.flatMap(({ names }) => names)].join(' ');
}

function patterns(words: readonly string[]): string {
  return words.map((word) => `'${word}'`).join('|');
}
