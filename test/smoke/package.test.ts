import { describePackage, ownNode } from '../support/package-suite.ts';

// The newest long-term line beside the one that the tests run on; test/boot/node-lines.test.ts has the others.
describePackage([ownNode, '24.22.3']);
