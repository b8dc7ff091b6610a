import type { ScriptPlan } from './grub-plan.ts';
import { exhausted, nextAttempts, refusals } from './rules.ts';

/** GRUB functions that put the banks in order and try them. */
export function chooseFunctions(plan: ScriptPlan): string {
  return [sort(plan), tryBank(), choose()].join('\n');
}

/**
 * `tb_sort` makes `tb_order`, the banks that may boot, best first, and `tb_reverse`; and says whether
 * there are exhausted ones (`tb_worn`) and others (`tb_fresh`). As many rounds as banks; each takes the
 * best that is left, the first of equals, which is the lower partition.
 */
function sort(plan: ScriptPlan): string {
  const banks = plan.banks.join(' ');
  return `
function tb_rank {
  set rank="0"
  if [ "$bootstate $attempts" = "0 ${exhausted}" ]; then
    set rank="1"
  fi
}

function tb_sort {
  set tb_order=""
  set tb_reverse=""
  set tb_worn="no"
  set tb_fresh="no"
${plan.banks.map((bank) => `  set b${bank}_placed="no"`).join('\n')}
  for tb_round in ${banks}; do
    set tb_pick=""
    for tb_n in ${banks}; do
      tb_get $tb_n
      tb_rank
      set tb_take="no"
      if [ "$eligible $placed" = "yes no" ]; then
        if [ -z "$tb_pick" ]; then
          set tb_take="yes"
        elif [ "$rank" -lt "$tb_pick_rank" ]; then
          set tb_take="yes"
        elif [ "$rank" = "$tb_pick_rank" ]; then
          if [ "$updated" -gt "$tb_pick_updated" ]; then
            set tb_take="yes"
          fi
        fi
      fi
      if [ "$tb_take" = "yes" ]; then
        set tb_pick="$tb_n"
        set tb_pick_rank="$rank"
        set tb_pick_updated="$updated"
      fi
    done
    if [ -n "$tb_pick" ]; then
      tb_get $tb_pick
      set placed="yes"
      tb_put
      set tb_order="$tb_order $tb_pick"
      set tb_reverse="$tb_pick $tb_reverse"
      if [ "$tb_pick_rank" = "1" ]; then
        set tb_worn="yes"
      else
        set tb_fresh="yes"
      fi
    fi
  done
}`;
}

/**
 * `tb_try N mark` marks bank N and goes on to verify and start it; `tb_try N deferred` is for a VALID bank
 * whose mark could not be written. Returns only when the bank was not started.
 */
function tryBank(): string {
  const next = Object.entries(nextAttempts).map(
    ([from, to]) => `      if [ "$attempts" = "${from}" ]; then
        set tb_next="${to}"
      fi`,
  );
  return `
function tb_try {
  tb_get "$1"
  if [ "$2" = "mark" ]; then
    if [ "$bootstate" = "1" ]; then
      if ! tb_write 2 "$attempts" "$verdict"; then
        tb_refuse "${refusals.mark}" mark
        return 0
      fi
    else
${next.join('\n')}
      if ! tb_write 0 "$tb_next" "$verdict"; then
        set tb_deferred="$tb_deferred $bank"
        return 0
      fi
    fi
  fi
  tb_verify
  if [ -n "$why" ]; then
    set tb_reason="${refusals.contents}: $why"
    tb_write "$bootstate" "$attempts" H
    tb_refuse "$tb_reason" "contents:$tb_about"
    return 0
  fi
  tb_start
  tb_refuse "${refusals.start}" start
}`;
}

/** \`tb_choose\` is the contract's choice, from the exhausted ones on. Returns when no bank boots. */
function choose(): string {
  return `
function tb_choose {
  tb_sort
  if [ "$tb_worn $tb_fresh" = "yes no" ]; then
    for tb_w in $tb_reverse; do
      tb_get $tb_w
      tb_write 0 0 "$verdict"
    done
    tb_sort
  fi
  if [ "$tb_worn $tb_fresh" = "yes yes" ]; then
    for tb_w in $tb_order; do
      tb_get $tb_w
      tb_rank
      if [ "$rank" = "1" ]; then
        tb_write 0 ${exhausted} B
      fi
    done
  fi
  set tb_deferred=""
  for tb_w in $tb_order; do
    tb_try $tb_w mark
  done
  for tb_w in $tb_deferred; do
    tb_try $tb_w deferred
  done
}`;
}
