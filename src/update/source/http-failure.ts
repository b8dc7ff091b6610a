import { TwinbankError } from '../../diagnostics/error.ts';
import { downloadError } from './http-reply.ts';

/**
 * What broke a connection, for whoever asked: `update.http-protocol` for what is no HTTP, `update.tls`, and `update.download` for what
 * may pass. An error of ours stays as it is.
 */
export function failureOf(name: string, error: unknown): TwinbankError {
  if (error instanceof TwinbankError) return error;
  const { code = '', message } = error as NodeJS.ErrnoException;
  // OpenSSL's end with a line end; an attempt for each of a name's addresses has none of its own.
  const [reason] = (message || code).split('\n');
  if (code.startsWith('HPE_')) {
    const sentence = `${name}: expected a reply as HTTP has it, and no more than it announces, found ${code}`;
    return new TwinbankError('io', 'update.http-protocol', sentence, { cause: error });
  }
  if (code === 'EPROTO' || /CERT|SELF_SIGNED|VERIFY|^ERR_SSL|^ERR_TLS/.test(code)) {
    const sentence = `${name}: expected HTTPS with a certificate that is trusted, found another: ${reason}`;
    return new TwinbankError('io', 'update.tls', sentence, { cause: error });
  }
  if (code === 'ECONNREFUSED') {
    return downloadError(name, `the connection was refused: ${reason}`, error, { refused: true });
  }
  return downloadError(name, `the connection broke: ${reason}`, error);
}
