import { describePackage } from '../support/package-suite.ts';

// The oldest Node that package.json allows, and the lines that build machines have beside. It takes a minute; test/smoke/package.test.ts has Node 24.
describePackage(['20.19.0', '22.23.5', '26.12.1']);
