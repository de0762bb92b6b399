#!/usr/bin/env bash
# examples/linear/certificate.sh FOLDER: a certificate authority of one's own, and a certificate of it for the host
# `linear-archive`: ca.crt, tls.crt and tls.key, for 30 days. A company's own web server has the like.
set -euo pipefail
(($# == 1)) || { echo "usage: certificate.sh FOLDER" >&2; exit 1; }
umask 077
mkdir -p "$1"
cd "$1"
{
  openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.crt -days 30 -subj "/CN=The CA of examples linear" \
    -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign
  openssl req -newkey rsa:2048 -nodes -keyout tls.key -out tls.csr -subj /CN=linear-archive
  openssl x509 -req -in tls.csr -CA ca.crt -CAkey ca.key -CAcreateserial -out tls.crt -days 30 -extfile <(
    echo "subjectAltName = DNS:linear-archive"
    echo "authorityKeyIdentifier = keyid"
    echo "extendedKeyUsage = serverAuth"
  )
} 2>openssl.log || { cat openssl.log >&2; exit 1; }
echo "Made $1/ca.crt, and $1/tls.crt with its key, for the host linear-archive"
