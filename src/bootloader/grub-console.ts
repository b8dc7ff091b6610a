import { echo } from './grub-echo.ts';
import type { ScriptPlan } from './grub-plan.ts';
import { exhausted, refusals, verdictMeanings } from './rules.ts';

/** Debian's GRUB ends a hidden menu for F4 as for Esc, and would then draw its own. */
const escapes = ['\u001b', 'f4'];

/** GRUB functions for the person at the console: hidden wait, menu, rollback, rescue. */
export function consoleFunctions(plan: ScriptPlan): string {
  return [ending(plan), wait(plan), menu(plan), rollback(plan), rescue(plan)].join('\n');
}

/** One line of a prompt: its hotkeys (none: only when the time is over), title, and what it does. */
type Entry = readonly [keys: readonly string[], title: string, body: string];

/**
 * A hidden menu: nothing is drawn, the first entry is taken when the time is over. Without time it is
 * not hidden: GRUB 2.06 as Debian has it waits three seconds in a hidden menu with timeout 0. The titles
 * are seen only when somebody holds Shift on a BIOS machine, for which Debian's GRUB draws its own menu: there
 * an entry that were not unrestricted would ask for the password that nobody has.
 */
function prompt(seconds: number, entries: readonly Entry[]): string {
  const lines = entries.flatMap(([keys, title, body]) => {
    const hotkeys = keys.length === 0 ? [''] : keys.map((key) => ` --hotkey=${key}`);
    return hotkeys.map(
      (hotkey) => `  submenu "${title}" --unrestricted${hotkey} {\n    ${body}\n  }`,
    );
  });
  return `  set default="0"
  set timeout_style="${seconds === 0 ? 'menu' : 'hidden'}"
  set timeout="${seconds}"
${lines.join('\n')}`;
}

function ending(plan: ScriptPlan): string {
  return `
function tb_reboot {
  ${echo({ type: 'rebooting' })}
  ${plan.end === 'boot' ? 'reboot' : 'halt'}
}

function tb_go_on {
  tb_choose
  tb_rescue
}`;
}

function wait(plan: ScriptPlan): string {
  return `
function tb_wait {
${prompt(plan.hiddenTimeout, [
  [[], 'start', 'tb_go_on'],
  [escapes, 'menu', 'tb_menu'],
  [['r', 'R'], 'roll back', 'tb_ask_rollback'],
])}
}`;
}

/** `tb_once N`: a person's choice. An INVALID bank is verified and started, and nothing is written. */
function menu(plan: ScriptPlan): string {
  const lines = plan.banks.map(
    (bank, index) => `  tb_describe ${bank}
  ${echo({ type: 'menu-entry', key: String(index + 1), bank, about: '$tb_text' })}`,
  );
  const verdicts = Object.entries(verdictMeanings).map(
    ([verdict, meaning]) => `  if [ "$verdict" = "${verdict}" ]; then
    set tb_verdict="${meaning}"
  fi`,
  );
  return `
function tb_describe {
  tb_get "$1"
  tb_state_name
  set tb_verdict="unknown"
${verdicts.join('\n')}
  set tb_text="$build $tb_state attempts=$attempts verdict=$verdict ($tb_verdict)"
  if [ "$bootstate" = "M" ]; then
    set tb_text="$why"
  fi
}

function tb_once {
  tb_get "$1"
  if [ "$eligible" = "yes" ]; then
    set tb_deferred=""
    tb_try "$1" mark
    for tb_w in $tb_deferred; do
      tb_try $tb_w deferred
    done
  elif [ "$bootstate" = "3" ]; then
    tb_verify
    if [ -n "$why" ]; then
      tb_refuse "${refusals.contents}: $why" "contents:$tb_about"
    else
      tb_start
    fi
  fi
}

function tb_menu {
  ${echo({ type: 'menu' })}
${lines.join('\n')}
  ${echo({ type: 'menu-keys', seconds: plan.menuTimeout })}
${prompt(plan.menuTimeout, [
  [escapes, 'go on', 'tb_go_on'],
  ...plan.banks.map((bank, index): Entry => {
    return [[String(index + 1)], `boot bank ${bank} once`, `tb_once ${bank}\n    tb_go_on`];
  }),
  [['r', 'R'], 'roll back', 'tb_ask_rollback'],
])}
}`;
}

/**
 * The bank that would boot gets state 3, verdict R, but only when another one is VALID, not exhausted
 * and right now; that is verified after the y, because it takes seconds.
 */
function rollback(plan: ScriptPlan): string {
  const question = {
    type: 'rollback-question',
    from: '$tb_from',
    fromBuild: '$tb_from_build',
    to: '$tb_first_to',
    toBuild: '$tb_first_build',
  } as const;
  return `
function tb_rollback_banks {
  set tb_from=""
  set tb_to=""
  tb_sort
  for tb_w in $tb_order; do
    tb_get $tb_w
    if [ -z "$tb_from" ]; then
      set tb_from="$bank"
      set tb_from_build="$build"
    elif [ "$bootstate" = "0" ]; then
      if [ "$attempts" != "${exhausted}" ]; then
        if [ -z "$tb_to" ]; then
          set tb_first_to="$bank"
          set tb_first_build="$build"
        fi
        set tb_to="$tb_to $bank"
      fi
    fi
  done
}

function tb_rollback {
  tb_rollback_banks
  set tb_verified=""
  for tb_w in $tb_to; do
    if [ -z "$tb_verified" ]; then
      tb_get $tb_w
      tb_verify
      if [ -z "$why" ]; then
        set tb_verified="$bank"
      fi
    fi
  done
  if [ -z "$tb_verified" ]; then
    ${echo({ type: 'rollback-refused', reason: '$why' })}
    return 0
  fi
  tb_get $tb_from
  if tb_write 3 "$attempts" R; then
    tb_refuse "${refusals.rolledBack}" rolledBack
  else
    ${echo({ type: 'rollback-refused', reason: 'bank $bank could not be written' })}
  fi
}

function tb_ask_rollback {
  tb_rollback_banks
  if [ -z "$tb_to" ]; then
    ${echo({ type: 'rollback-refused', reason: 'no other bank is VALID and not exhausted' })}
    tb_go_on
  else
    ${echo(question)}
${prompt(plan.menuTimeout, [
  [[...escapes, 'n', 'N'], 'do not roll back', 'tb_go_on'],
  [['y', 'Y'], 'roll back', 'tb_rollback\n    tb_go_on'],
])}
  fi
}`;
}

/** Retries nest, and the BIOS stack is small, so after a few of them a retry is a reset. */
function rescue(plan: ScriptPlan): string {
  const lines = plan.banks.map(
    (bank) => `  ${echo({ type: 'rescue-bank', bank, reason: `$b${bank}_why` })}`,
  );
  return `
function tb_retry {
  set tb_retries="x$tb_retries"
  if [ "$tb_retries" = "xxxx" ]; then
    tb_reboot
  else
    tb_main
  fi
}

function tb_rescue {
  ${echo({ type: 'rescue' })}
${lines.join('\n')}
  ${echo({ type: 'rescue-keys', seconds: plan.rescueTimeout })}
${prompt(plan.rescueTimeout, [
  [['b', 'B'], 'reboot', 'tb_reboot'],
  [['r', 'R', ...escapes], 'try again', 'tb_retry'],
])}
}`;
}
