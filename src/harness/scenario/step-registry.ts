import type { StepRow } from './step.ts';
import { configure, confirm, rollback } from './steps/banks.ts';
import { boot } from './steps/boot.ts';
import { build } from './steps/build.ts';
import { bundle } from './steps/bundle.ts';
import { expect } from './steps/expect.ts';
import { flash } from './steps/flash.ts';
import { inject } from './steps/inject.ts';
import { choose, key, type } from './steps/input.ts';
import { heal, powerCut, powerOff, reboot, reset, screenshot } from './steps/power.ts';
import { update } from './steps/update.ts';

/** Every kind of step but `repeat`, which the reader unrolls; in the order of the reference. */
export const stepRows: readonly StepRow[] = [
  build,
  bundle,
  flash,
  boot,
  expect,
  update,
  confirm,
  rollback,
  configure,
  reboot,
  reset,
  powerOff,
  powerCut,
  inject,
  heal,
  choose,
  type,
  key,
  screenshot,
];
