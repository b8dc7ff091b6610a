import { compareVersions } from './version.ts';

/** What a module says of others: `acme-cim`, `twinbank >= 1.2`, `vmkernel = 6.1.192-2`. */
export interface Relation {
  readonly name: string;
  /** Empty: any version. */
  readonly operator: keyof typeof operators | '';
  readonly version: string;
}

const operators = {
  '=': (order: number) => order === 0,
  '!=': (order: number) => order !== 0,
  '<': (order: number) => order < 0,
  '<=': (order: number) => order <= 0,
  '>': (order: number) => order > 0,
  '>=': (order: number) => order >= 0,
} as const;

/** What a relation looks like, for messages. */
export const expectedRelation = 'NAME or NAME OP VERSION such as twinbank >= 1.2';

/** The parts of a relation, or undefined where the text is none. */
export function parseRelation(text: string): Relation | undefined {
  const match =
    /^([A-Za-z0-9][A-Za-z0-9.+_-]{0,63})(?: *(=|!=|<=?|>=?) *([0-9][A-Za-z0-9.+~:_-]{0,63}))?$/.exec(
      text,
    );
  if (!match) return undefined;
  const [, name = '', operator = '', version = ''] = match;
  return { name, operator: operator as Relation['operator'], version };
}

/** Something that is there under a name; without a version it satisfies only relations without one. */
export interface Provided {
  readonly name: string;
  readonly version: string;
}

/** Whether what is provided is what the relation names. */
export function satisfies({ name, operator, version }: Relation, provided: Provided): boolean {
  if (provided.name !== name) return false;
  if (operator === '') return true;
  return provided.version !== '' && operators[operator](compareVersions(provided.version, version));
}
