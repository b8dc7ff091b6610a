import type { Method } from '../../../protocol/json-rpc.ts';
import type { Console } from '../../system/console.ts';
import type { Port } from '../../system/virtio-port.ts';

export interface ServePort {
  readonly console: Pick<Console, 'stage' | 'line'>;
  serveSocket(methods: Methods, failed: (error: Error) => void): unknown;
  /** The device by which the host of a virtual machine asks; undefined where there is none. */
  findPort(): string | undefined;
  openPort(device: string): Promise<Port>;
  servePort(port: Port, methods: Methods): Promise<never>;
  findPowerButtons(): readonly string[];
  onPowerButton(devices: readonly string[], pressed: () => void): void;
}
type Methods = Readonly<Record<string, Method>>;

/** Opens the interfaces by which the system is managed, and returns which there are, for people. */
export function serveMethods(port: ServePort, methods: Methods, onButton: () => void): string[] {
  const { console } = port;
  port.serveSocket(methods, ({ message }) => console.line(`management socket: ${message}`));
  const device = port.findPort();
  if (device) {
    port
      .openPort(device)
      .then((opened) => port.servePort(opened, methods))
      .catch(({ message }: Error) => console.line(`virtio-serial port: ${message}`));
  }
  const buttons = port.findPowerButtons();
  port.onPowerButton(buttons, onButton);
  return [
    ...(device ? ['virtio-serial port'] : []),
    ...(buttons.length > 0 ? ['power button'] : []),
  ];
}
