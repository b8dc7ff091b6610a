import { searchConsoles, showEnds } from './console.ts';
import { foldDetails } from './details.ts';
import { filterTable, sortTable } from './table.ts';
import { switchTheme } from './theme.ts';

// What needs this script is hidden without it.
document.documentElement.classList.add('script');
switchTheme();
filterTable();
sortTable();
foldDetails();
searchConsoles();
showEnds();
