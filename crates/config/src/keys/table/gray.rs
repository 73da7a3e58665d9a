//! Which lane a request says that it belongs to, and who may say so.

use super::{WAIT, key};
use crate::keys::{Fallback, Kind, Table};

/// A dialect, by the name of its field.
const DIALECTS: Kind = Kind::List(
    "`x-gray-version`, `baggage`, `x-mse-tag`, `x-asm-prefer-tag`, `x-opensergo-traffic`, `n-d-version`, `dubbo.tag`, \
     `x_version_tag` or `x-sermant-version`",
    9,
);

pub(super) const GRAY: Table = Table {
    path: "gray",
    summary: "In which dialects a request says which lane it belongs to, and who is believed beside `server.trusted_peers` \
              ([gray context](../gray-context.md)).",
    keys: &[
        key(
            "read",
            DIALECTS,
            "[\"x-gray-version\", \"baggage\"]",
            Fallback::Value("[\"x-gray-version\"]"),
            "The dialects that are read. The first one with a well-formed value decides; with `[]` no request says anything.",
        )
        .sensitive(),
        key(
            "write",
            DIALECTS,
            "[\"x-gray-version\", \"x-mse-tag\"]",
            Fallback::Value("[\"x-gray-version\"]"),
            "The dialects in which endpoints are told the lane. What is read and not written does not go on.",
        ),
        key(
            "member",
            Kind::Text("1 to 64 letters, digits, `-`, `_` and `.`"),
            "\"lane\"",
            Fallback::Value("\"gray-version\""),
            "The key of the member of `baggage` that names the lane.",
        ),
        key(
            "certificates",
            Kind::List("a DNS name or a URI in a certificate", 1024),
            "[\"gateway.internal\", \"spiffe://prod/gateway\"]",
            Fallback::Value("[]"),
            "Clients with a certificate for one of these are believed as trusted peers are. A listener asks for \
             certificates with `client_ca`.",
        )
        .sensitive(),
        key(
            "max_age",
            WAIT,
            "\"10m\"",
            Fallback::Value("\"1h\""),
            "How far in the future a signature may expire: one that holds for longer is refused.",
        )
        .sensitive(),
        key(
            "keys",
            Kind::Table,
            "{ edge = { file = \"edge.key\" } }",
            Fallback::Words("none: no signature counts"),
            "The keys with which `X-Gray-Signature` may be made; several, so that they can be replaced one after the other.",
        )
        .sensitive(),
    ],
};

pub(super) const KEY: Table = Table {
    path: "gray.keys.<name>",
    summary: "A key of signatures, 64 at most; `grayctl context keygen` makes one. The name stands in the signature.",
    keys: &[key(
        "file",
        Kind::Text("the path of the file, relative to the configuration's folder"),
        "\"edge.key\"",
        Fallback::Required,
        "32 bytes or more in hexadecimal or base64. The file is watched; in prod one that everybody may read is refused.",
    )
    .sensitive()],
};
