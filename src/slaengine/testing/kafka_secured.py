"""Apache Kafka behind TLS and SASL, with certificates and users made for the occasion."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from slaengine.errors import MissingExtra
from slaengine.testing.kafka_apache import ApacheKafka, free_ports

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.x509 import Certificate

USER, PASSWORD = "reader", "kept-to-ourselves"
VALID: Final = timedelta(days=1)
MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")


class SecuredKafka(ApacheKafka):
    """One broker with two further listeners: TLS that asks for a client's certificate, and TLS with SASL.

    `USER` may log in with `PASSWORD` by each of `MECHANISMS`. The certificates are in `folder`, as PEM files.

    Raises:
        MissingExtra: cryptography, which makes the certificates, is not installed.
    """

    def __init__(self) -> None:
        super().__init__(1)
        self.tls_port, self.sasl_port = free_ports(2)
        self.ca = self.folder / "ca.pem"
        self.certificate, self.private_key = self.folder / "client.pem", self.folder / "client.key"

    def url(self, scheme: str, sasl: str | None = None, password: str = PASSWORD) -> str:
        """Return the URL for our clients: with `sasl`, one of the mechanisms; without, by the client's certificate."""
        options = f"replicas=1&tls=true&ca={self.ca}"
        if sasl:
            return f"{scheme}://{USER}:{password}@127.0.0.1:{self.sasl_port}?{options}&sasl={sasl}"
        return f"{scheme}://127.0.0.1:{self.tls_port}?{options}&certificate={self.certificate}&private_key={self.private_key}"

    def _format(self) -> None:
        _make_certificates(self.folder)
        super()._format()

    def _format_options(self) -> list[str]:
        said = [f"{mechanism}=[name={USER},password={PASSWORD}]" for mechanism in MECHANISMS if mechanism.startswith("SCRAM")]
        return [part for user in said for part in ("--add-scram", user)]

    def _properties(self, node: int) -> dict[str, str]:
        properties = super()._properties(node)
        ours = f",SSL://127.0.0.1:{self.tls_port},SASL_SSL://127.0.0.1:{self.sasl_port}"
        modules, user = "org.apache.kafka.common.security", f'user_{USER}="{PASSWORD}"'
        secured = {
            "listeners": properties["listeners"] + ours,
            "advertised.listeners": properties["advertised.listeners"] + ours,
            "listener.security.protocol.map": properties["listener.security.protocol.map"] + ",SSL:SSL,SASL_SSL:SASL_SSL",
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": str(self.folder / "server-with-key.pem"),
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": str(self.ca),
            "listener.name.ssl.ssl.client.auth": "required",
            "sasl.enabled.mechanisms": ",".join(MECHANISMS),
            "listener.name.sasl_ssl.plain.sasl.jaas.config": f"{modules}.plain.PlainLoginModule required {user};",
        }
        for mechanism in ("scram-sha-256", "scram-sha-512"):
            secured[f"listener.name.sasl_ssl.{mechanism}.sasl.jaas.config"] = f"{modules}.scram.ScramLoginModule required;"
        return properties | secured


def _make_certificates(folder: Path) -> None:
    """Write an authority's certificate, and a server's and a client's that it vouches for."""
    try:
        from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415 (an extra)
        from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat  # noqa: PLC0415
    except ImportError:
        raise MissingExtra("a broker behind TLS", "audit") from None

    folder.mkdir(parents=True, exist_ok=True)
    authority = ec.generate_private_key(ec.SECP256R1())
    root = _certificate("slaengine tests", authority, authority, None)
    (folder / "ca.pem").write_bytes(root.public_bytes(Encoding.PEM))
    for name in ("server", "client"):
        key = ec.generate_private_key(ec.SECP256R1())
        signed = _certificate(name, key, authority, root).public_bytes(Encoding.PEM)
        secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (folder / f"{name}.pem").write_bytes(signed)
        (folder / f"{name}.key").write_bytes(secret)
        (folder / f"{name}-with-key.pem").write_bytes(secret + signed)


def _certificate(name: str, key: EllipticCurvePrivateKey, by: EllipticCurvePrivateKey, issuer: Certificate | None) -> Certificate:
    """Return a certificate for `key`, signed by `by`; an authority's own when there is no `issuer`."""
    from cryptography import x509  # noqa: PLC0415 (an extra)
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415
    from cryptography.x509.oid import NameOID  # noqa: PLC0415

    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    here = [x509.IPAddress(ipaddress.ip_address("127.0.0.1")), x509.DNSName("localhost")]
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - VALID)
        .not_valid_after(now + VALID)
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key()), critical=False)
    )
    if issuer is not None:
        builder = builder.add_extension(x509.SubjectAlternativeName(here), critical=False)
    return builder.sign(by, SHA256())
