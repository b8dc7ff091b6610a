/** Shows the scenarios, in the table and below it, that have every word of the filter and one of the verdicts pressed. */
export function filterTable(): void {
  const input = document.querySelector<HTMLInputElement>('#filter');
  const output = document.getElementById('shown');
  if (!input || !output) return;
  const buttons = [...document.querySelectorAll<HTMLButtonElement>('button[data-verdict]')];
  const rows = [...document.querySelectorAll<HTMLTableRowElement>('#table tbody tr')];
  const details = new Map(
    [...document.querySelectorAll<HTMLElement>('.scenario')].map((one) => [one.dataset.run, one]),
  );

  const apply = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    const pressed = buttons
      .filter((button) => button.ariaPressed === 'true')
      .map((button) => button.dataset.verdict);
    let shown = 0;
    for (const row of rows) {
      const { text = '', verdict, run } = row.dataset;
      const fits = words.every((word) => text.includes(word));
      const visible = fits && (pressed.length === 0 || pressed.includes(verdict));
      row.hidden = !visible;
      const detail = details.get(run);
      if (detail) detail.hidden = !visible;
      if (visible) shown += 1;
    }
    output.textContent = shown === rows.length ? '' : `${shown} of ${rows.length}`;
  };

  input.addEventListener('input', apply);
  for (const button of buttons) {
    button.addEventListener('click', () => {
      button.ariaPressed = button.ariaPressed === 'true' ? 'false' : 'true';
      apply();
    });
  }
  document.addEventListener('keydown', (event) => {
    const typing = event.target instanceof HTMLInputElement;
    if (event.key === '/' && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      input.focus();
    } else if (event.key === 'Escape' && event.target === input) {
      input.value = '';
      apply();
    }
  });
  // What the browser kept of a page that is loaded again.
  apply();
}

/** Heads of columns become buttons; numbers are compared as numbers. */
export function sortTable(): void {
  const table = document.querySelector<HTMLTableElement>('#table');
  const body = table?.tBodies[0];
  if (!table || !body) return;
  const heads = [...table.querySelectorAll<HTMLTableCellElement>('th[data-column]')];
  const compare = new Intl.Collator('en', { numeric: true }).compare;
  for (const head of heads) {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener('click', () => {
      const down = head.ariaSort === 'ascending';
      for (const other of heads) other.ariaSort = null;
      head.ariaSort = down ? 'descending' : 'ascending';
      const keyOf = (row: HTMLTableRowElement) =>
        row.cells[Number(head.dataset.column)]?.dataset.key ?? '';
      const sorted = [...body.rows].sort((a, b) => compare(keyOf(a), keyOf(b)));
      body.append(...(down ? sorted.reverse() : sorted));
    });
  }
}
