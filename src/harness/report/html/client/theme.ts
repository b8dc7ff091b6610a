const themes = ['auto', 'light', 'dark'] as const;
type Theme = (typeof themes)[number];
const key = 'twinbank-theme';

/** The button goes round: as the system has it, light, dark. */
export function switchTheme(): void {
  const button = document.getElementById('theme');
  if (!button) return;
  let theme = remembered();
  const show = () => {
    const root = document.documentElement;
    if (theme === 'auto') delete root.dataset.theme;
    else root.dataset.theme = theme;
    button.textContent = `Theme: ${theme}`;
  };
  button.addEventListener('click', () => {
    theme = themes[(themes.indexOf(theme) + 1) % themes.length] ?? 'auto';
    remember(theme);
    show();
  });
  show();
}

// A browser may refuse storage to a page from the file system; then each page begins with `auto`.
function remembered(): Theme {
  try {
    return themes.find((theme) => theme === localStorage.getItem(key)) ?? 'auto';
  } catch {
    return 'auto';
  }
}

function remember(theme: Theme): void {
  try {
    localStorage.setItem(key, theme);
  } catch {
    // See above.
  }
}
