// Stands in for the package string-width, which yargs lays out its help with: it makes three ICU segmenters each
// time it is loaded, 38 ms of processor time at the start of every command. Our help has plain ASCII alone.
import { stripVTControlCharacters } from 'node:util';

/** Columns of a text whose characters take one each. */
function textWidth(text) {
  return [...stripVTControlCharacters(text)].length;
}

// biome-ignore lint/style/noDefaultExport: the package's own
export { textWidth as default };
