import type { CompletedCommand, CompletionTable } from './completion-table.ts';

/** What reads the tables; `$` begins what the shell puts in. */
const bashFunction = `_twinbank_complete() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" command="" at=0 i=1 word skip="" found="" ended=""
  COMPREPLY=()
  while [ "$i" -lt "$COMP_CWORD" ]; do
    word="\${COMP_WORDS[i]}"
    i=$((i + 1))
    [ "$word" = "=" ] && continue
    if [ -n "$skip" ]; then skip=""; continue; fi
    if [ "$word" = "--" ]; then ended=1; continue; fi
    if [ -z "$ended" ] && [ "\${word#-}" != "$word" ]; then
      case " $(_twinbank_valued "$command") " in *" $word "*) skip="$word" ;; esac
    elif [ -n "$(_twinbank_words "$command")" ]; then
      command="\${command:+$command }$word"
    else
      at=$((at + 1))
    fi
  done
  [ "$cur" = "=" ] && cur=""
  if [ -n "$skip" ]; then found="$(_twinbank_choices "$command" "$skip")"
  elif [ -z "$ended" ] && [ "\${cur#-}" != "$cur" ]; then found="$(_twinbank_options "$command")"
  elif [ -n "$(_twinbank_words "$command")" ]; then found="$(_twinbank_words "$command")"
  else found="$(_twinbank_choices "$command" "$at")"
  fi
  # Without words it is a file.
  while read -r word; do
    case $word in "") ;; "$cur"*) COMPREPLY+=("$word") ;; esac
  done < <(if [ -n "$found" ]; then compgen -W "$found" -- "$cur"; else compgen -f -- "$cur"; fi)
  return 0
}
complete -o filenames -F _twinbank_complete twinbank`;

/**
 * bash and zsh (which runs it by bashcompinit): the words before the cursor say which command it is and which of its positionals is next;
 * the tables are `case` rows.
 */
export function bashScript({ words, commands }: CompletionTable): string {
  const rows = (of: (command: CompletedCommand) => string): string[] =>
    commands.map((one) => `    ${quote(one.name)}) ${of(one)} ;;`);
  const groups = groupsOf(commands);
  return lines([
    '# Completion of twinbank for bash: source <(twinbank completion bash)',
    '_twinbank_words() {',
    '  case $1 in',
    `    '') echo ${quote(words.map(([word]) => word).join(' '))} ;;`,
    ...groups.map(([group, names]) => `    ${quote(group)}) echo ${quote(names.join(' '))} ;;`),
    '  esac',
    '}',
    '_twinbank_options() {',
    '  case $1 in',
    ...rows(({ options }) => `echo ${quote(options.map(({ name }) => `--${name}`).join(' '))}`),
    '  esac',
    '}',
    '# Options that take a value.',
    '_twinbank_valued() {',
    '  case $1 in',
    ...rows(({ options }) => {
      const names = options.filter(({ value }) => value).map(({ name }) => `--${name}`);
      return `echo ${quote(names.join(' '))}`;
    }),
    '  esac',
    '}',
    '_twinbank_choices() {',
    '  case "$1 $2" in',
    ...commands
      .flatMap(({ name, options, positionals }) => [
        ...options.map(
          ({ name: option, value }) => [`${name} --${option}`, value?.choices] as const,
        ),
        ...positionals.map(({ choices }, at) => [`${name} ${at}`, choices] as const),
      ])
      .filter(([, choices]) => (choices?.length ?? 0) > 0)
      .map(([key, choices]) => `    ${quote(key)}) echo ${quote(choices?.join(' ') ?? '')} ;;`),
    '  esac',
    '}',
    bashFunction,
  ]);
}

export function zshScript(table: CompletionTable): string {
  const [, ...rest] = bashScript(table).split('\n');
  return lines([
    '# Completion of twinbank for zsh: source <(twinbank completion zsh)',
    'autoload -U +X compinit && compinit -i',
    'autoload -U +X bashcompinit && bashcompinit',
    ...rest,
  ]).trimEnd();
}

export function fishScript({ words, commands }: CompletionTable): string {
  const first = words.map(([word, describe]) => {
    return `complete -c twinbank -n __fish_use_subcommand -f -a ${word} -d ${fishQuote(describe)}`;
  });
  const second = groupsOf(commands).flatMap(([group, names]) =>
    names.map((name) => {
      const describe = commands.find((one) => one.name === `${group} ${name}`)?.describe ?? '';
      const when = `__fish_seen_subcommand_from ${group}; and not __fish_seen_subcommand_from ${names.join(' ')}`;
      return `complete -c twinbank -n ${fishQuote(when)} -f -a ${name} -d ${fishQuote(describe)}`;
    }),
  );
  const options = commands.flatMap(({ name, options }) => {
    const when = name
      .split(' ')
      .map((word) => `__fish_seen_subcommand_from ${word}`)
      .join('; and ');
    return options.map(({ name: option, describe, value }) => {
      const choices = value?.choices ?? [];
      const takes = value
        ? choices.length > 0
          ? ` -x -a ${fishQuote(choices.join(' '))}`
          : ' -r -F'
        : '';
      return `complete -c twinbank -n ${fishQuote(when)} -l ${option}${takes} -d ${fishQuote(describe)}`;
    });
  });
  const positionals = commands.flatMap(({ name, positionals }) =>
    positionals.flatMap(({ choices }) => {
      if (choices.length === 0) return [];
      const when = `__fish_seen_subcommand_from ${name}`;
      return `complete -c twinbank -n ${fishQuote(when)} -a ${fishQuote(choices.join(' '))}`;
    }),
  );
  const title = '# Completion of twinbank for fish: twinbank completion fish | source';
  return lines([title, ...first, ...second, ...options, ...positionals]);
}

/** `recipe` and its `show`, `check`, ... */
function groupsOf(commands: readonly CompletedCommand[]): [group: string, names: string[]][] {
  const groups = new Map<string, string[]>();
  for (const { name } of commands) {
    const [group = '', own] = name.split(' ');
    if (own !== undefined) groups.set(group, [...(groups.get(group) ?? []), own]);
  }
  return [...groups];
}

const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
const fishQuote = (text: string): string => `'${text.replace(/[\\']/g, '\\$&')}'`;
const lines = (all: readonly string[]): string => `${all.join('\n')}\n`;
