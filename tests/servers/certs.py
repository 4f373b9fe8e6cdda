"""Certificates for loopback servers: an authority of our own, and leaves that are good, expired or for another name."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID


@dataclass(frozen=True)
class Leaf:
    """A server's certificate: file with the certificate, file with the key, sha256 fingerprint (hex)."""

    cert: Path
    key: Path
    sha256: str


class Authority:
    """A small authority in a folder; `ca` is what a client has to trust."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.ca = folder / "ca.pem"
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Deskbell test authority")])
        now = datetime.now(UTC)
        builder = (
            _builder(
                self._name, self._name, self._key.public_key(), now - timedelta(days=400), now + timedelta(days=400)
            )
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(authority=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), critical=False)
        )
        self.ca.write_bytes(builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))

    def leaf(self, name: str = "localhost", *, expired: bool = False) -> Leaf:
        """A certificate for `name` (localhost: 127.0.0.1 too)."""
        now, key = datetime.now(UTC), ec.generate_private_key(ec.SECP256R1())
        since, until = (
            (now - timedelta(days=90), now - timedelta(days=1))
            if expired
            else (now - timedelta(days=1), now + timedelta(days=90))
        )
        names: list[x509.GeneralName] = [x509.DNSName(name)]
        if name == "localhost":
            names.append(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        made = (
            _builder(subject, self._name, key.public_key(), since, until)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(authority=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        return self._written(name, made, key)

    def self_signed(self, name: str = "localhost") -> Leaf:
        """A certificate that nobody but itself has signed, as routers and small servers make them."""
        now, key = datetime.now(UTC), ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        names = [x509.DNSName(name), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        made = (
            _builder(subject, subject, key.public_key(), now - timedelta(days=1), now + timedelta(days=90))
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .sign(key, hashes.SHA256())
        )
        return self._written(name, made, key)

    def _written(self, name: str, made: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> Leaf:
        stem = f"{name}-{made.serial_number:x}"
        cert, private = self.folder / f"{stem}.pem", self.folder / f"{stem}.key"
        cert.write_bytes(made.public_bytes(serialization.Encoding.PEM))
        private.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return Leaf(cert, private, made.fingerprint(hashes.SHA256()).hex())


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, since: datetime, until: datetime
) -> x509.CertificateBuilder:
    return x509.CertificateBuilder(
        subject_name=subject,
        issuer_name=issuer,
        public_key=key,
        serial_number=x509.random_serial_number(),
        not_valid_before=since,
        not_valid_after=until,
    )


def _usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        key_cert_sign=authority,
        crl_sign=authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
