//! Where clients connect.

use super::{PEM, key};
use crate::keys::{Fallback, Kind, Table};

pub(super) const LISTENER: Table = Table {
    path: "listeners.<name>",
    summary: "Where clients connect; at least one.",
    keys: &[
        key(
            "address",
            Kind::Text("address and port; port 0 lets the system choose"),
            "\"0.0.0.0:8080\"",
            Fallback::Required,
            "Where it listens. No two listeners share an address.",
        )
        .restart(),
        key(
            "http2",
            Kind::Switch,
            "false",
            Fallback::Value("true"),
            "Whether clients may speak HTTP/2 besides HTTP/1.1: by ALPN over TLS, by prior knowledge in cleartext.",
        ),
        key(
            "tls",
            Kind::Table,
            "{ certificates = [{ certificate = \"shop.pem\", key = \"shop.key\" }] }",
            Fallback::Words("none: cleartext"),
            "How it is secured.",
        )
        .sensitive(),
    ],
};

pub(super) const TLS: Table = Table {
    path: "listeners.<name>.tls",
    summary: "TLS towards clients. The files are watched: new content comes into use without a restart, for new connections.",
    keys: &[
        key(
            "certificates",
            Kind::Tables(100),
            "[{ certificate = \"shop.pem\", key = \"shop.key\" }, { certificate = \"site.pem\", key = \"site.key\" }]",
            Fallback::Required,
            "What is shown to clients, chosen by the host that they name (SNI) among the DNS names in the certificates. \
             The first one goes to a client that names none, or one that no certificate has.",
        )
        .sensitive(),
        key(
            "min_version",
            Kind::Text("`1.2` or `1.3`"),
            "\"1.3\"",
            Fallback::Value("\"1.2\""),
            "The oldest version of TLS that is spoken; none below 1.2 is.",
        )
        .sensitive(),
        key(
            "client_ca",
            PEM,
            "\"clients.pem\"",
            Fallback::Words("none: clients are not asked for a certificate"),
            "The certificates of which a client's must lead to one.",
        )
        .sensitive(),
        key(
            "client_auth",
            Kind::Text("`optional` or `required`"),
            "\"optional\"",
            Fallback::Words("`required` where there is `client_ca`"),
            "Whether a client may come without a certificate. One that shows a wrong certificate is refused either way.",
        )
        .sensitive(),
    ],
};

pub(super) const CERTIFICATE: Table = Table {
    path: "listeners.<name>.tls.certificates[]",
    summary: "A certificate of a listener.",
    keys: &[
        key(
            "certificate",
            PEM,
            "\"shop.pem\"",
            Fallback::Required,
            "The certificate, followed by those that lead to its root, without the root.",
        )
        .sensitive(),
        key(
            "key",
            PEM,
            "\"shop.key\"",
            Fallback::Required,
            "Its private key, not encrypted. In prod a file that everybody may read is refused.",
        )
        .sensitive(),
    ],
};
