/**
 * A certificate for 127.0.0.1 that nobody trusts, until 2125, and its key: made for these tests with
 * `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 36500 -addext subjectAltName=IP:127.0.0.1`.
 */
export const loopback = {
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgG3MTuhc9419CbfE/
gEGwM2JmrdYFv6SjzMYfkbEBBHahRANCAARPghYtxvll7S/i1qpSttDfO10NvYr0
Jy/X8V71YBmn0Q224RGYzQiNIpy9KZjl7cJ+u8vFV5x2gxP136fYWOdh
-----END PRIVATE KEY-----`,
  cert: `-----BEGIN CERTIFICATE-----
MIIBjjCCATSgAwIBAgIUdNSOz/OFB0/AzKOncRBQ2h3QCQUwCgYIKoZIzj0EAwIw
EzERMA8GA1UEAwwIbG9vcGJhY2swIBcNMjYxMTIyMTMyNDQyWhgPMjEyNjEwMjkx
MzI0NDJaMBMxETAPBgNVBAMMCGxvb3BiYWNrMFkwEwYHKoZIzj0CAQYIKoZIzj0D
AQcDQgAET4IWLcb5Ze0v4taqUrbQ3ztdDb2K9Ccv1/Fe9WAZp9ENtuERmM0IjSKc
vSmY5e3CfrvLxVecdoMT9d+n2FjnYaNkMGIwHQYDVR0OBBYEFH4ViobQKZW1eslJ
zGsAxekXhAy2MB8GA1UdIwQYMBaAFH4ViobQKZW1eslJzGsAxekXhAy2MA8GA1Ud
EwEB/wQFMAMBAf8wDwYDVR0RBAgwBocEfwAAATAKBggqhkjOPQQDAgNIADBFAiBr
Go9coHDE9k0UdoMS5INDYKnQwy9NmYhwzR9CF9/ETwIhAIy5nYlFMkK4mab5qJq0
9mdfr3FAoAsP0tcOQFqYX3Cl
-----END CERTIFICATE-----`,
};
