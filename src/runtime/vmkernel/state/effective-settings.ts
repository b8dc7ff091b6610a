import { oemSettingNames, type SettingName, type Settings } from '../../../state/setting-rows.ts';
import { parseSetting } from '../../../state/settings.ts';
import { readOemFacts } from '../oem/oem-facts.ts';
import { readConfiguration } from './configuration.ts';

/**
 * What the host is set to: what an administrator has set, and beneath it what OEMs have as defaults. The
 * defaults are never saved, so that those of a newer OEM count after an update. Never throws.
 */
export function effectiveSettings(root = '/'): Partial<Settings> {
  const defaults = readOemFacts(root).flatMap((facts) =>
    oemSettingNames.map((name) => parsed(name, facts.defaults[name])),
  );
  return Object.assign({}, ...defaults, readConfiguration(root).settings);
}

function parsed(name: SettingName, value: unknown): Partial<Settings> {
  if (value === undefined) return {};
  try {
    return parseSetting(name, value);
  } catch {
    return {};
  }
}
