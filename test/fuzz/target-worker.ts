import { targets } from './targets.ts';
import { work } from './worker.ts';

void work(targets);
