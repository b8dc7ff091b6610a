import type { TlsIdentity } from '../../../../src/state/tls-setting.ts';

/** A certificate that no host has made, and its key, which is for nothing else: `openssl req -x509`. */
export const foreignIdentity: TlsIdentity = {
  certificate: `-----BEGIN CERTIFICATE-----
MIIBfTCCASOgAwIBAgIUOWzx/vSpjb+j4c0dZyRea+050PUwCgYIKoZIzj0EAwIw
EzERMA8GA1UEAwwIZXN4MS5sYWIwIBcNMjYxMjAxMDA1NDU4WhgPMjEyNjExMDcw
MDU0NThaMBMxETAPBgNVBAMMCGVzeDEubGFiMFkwEwYHKoZIzj0CAQYIKoZIzj0D
AQcDQgAEXx/cYKLTE83CTJfv7ZaDK34MgdtIv+3kYhDF/XeEUNaoK8wPGpZ9nBCa
iXCOprrq9jHc7GubTFAwYp70dwpCwaNTMFEwHQYDVR0OBBYEFJFohEnY9ME43SKq
MOtzgeM+lQekMB8GA1UdIwQYMBaAFJFohEnY9ME43SKqMOtzgeM+lQekMA8GA1Ud
EwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIhALj5+14O1WH2ZclktAlJeZH7
4ycgL8jPmcj7Cj+SQnNNAiA9D5rngwKFui2av9nI+PHwlJAZjB4nQqqaUOubCv77
Kw==
-----END CERTIFICATE-----
`,
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgEARJxFztcOiQXV+N
H+x0nWOYijglW2aFnES/TcgnxAahRANCAARfH9xgotMTzcJMl+/tloMrfgyB20i/
7eRiEMX9d4RQ1qgrzA8aln2cEJqJcI6muur2Mdzsa5tMUDBinvR3CkLB
-----END PRIVATE KEY-----
`,
};
