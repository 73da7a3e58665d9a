use rustls::pki_types::pem;

/// What is wrong with a file, or with two of them together.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// It was not handed over.
    #[error("{file} was not read")]
    Unread {
        /// Which.
        file: Box<str>,
    },
    /// It is not PEM.
    #[error("{file} is no file of PEM: {source}")]
    Pem {
        /// Which.
        file: Box<str>,
        /// Why.
        source: pem::Error,
    },
    /// It has no certificate.
    #[error("there is no certificate in {file}")]
    NoCertificate {
        /// Which.
        file: Box<str>,
    },
    /// It has more certificates than any chain, or than anybody trusts.
    #[error("{file} has more than {most} certificates")]
    TooMany {
        /// Which.
        file: Box<str>,
        /// How many may be there.
        most: usize,
    },
    /// A certificate cannot be read.
    #[error("certificate {number} in {file} cannot be read: {why}")]
    Certificate {
        /// Which file.
        file: Box<str>,
        /// Which certificate in it, from 1.
        number: usize,
        /// Why.
        why: Box<str>,
    },
    /// It has no private key.
    #[error("there is no private key in {file}")]
    NoKey {
        /// Which.
        file: Box<str>,
    },
    /// It has several private keys.
    #[error("there are several private keys in {file}")]
    SeveralKeys {
        /// Which.
        file: Box<str>,
    },
    /// The private key is encrypted.
    #[error("the private key in {file} is encrypted")]
    Encrypted {
        /// Which.
        file: Box<str>,
    },
    /// The private key is of no kind that can sign here.
    #[error("the private key in {file} cannot be used: {source}")]
    Key {
        /// Which.
        file: Box<str>,
        /// Why.
        source: rustls::Error,
    },
    /// The private key is another certificate's.
    #[error("the private key in {key} does not fit the first certificate in {certificate}")]
    Mismatch {
        /// The file of the key.
        key: Box<str>,
        /// The file of the certificate.
        certificate: Box<str>,
    },
    /// The certificates can be no roots of trust.
    #[error("the certificates in {file} cannot be trusted: {why}")]
    Roots {
        /// Which.
        file: Box<str>,
        /// Why.
        why: Box<str>,
    },
    /// Nobody is trusted.
    #[error("this system has no file of trusted certificates")]
    NoSystemRoots,
    /// A name that no certificate can have.
    #[error("`{name}` can stand in no certificate")]
    Name {
        /// Which.
        name: Box<str>,
    },
    /// The cryptography refuses.
    #[error("TLS cannot be set up: {0}")]
    Setup(#[source] rustls::Error),
}

impl TlsError {
    /// What to do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::Unread { .. } | Self::Setup(_) => "this is a bug: please report it".to_owned(),
            Self::Pem { .. } => "it holds blocks from `-----BEGIN …-----` to `-----END …-----`, each whole".to_owned(),
            Self::NoCertificate { .. } => {
                "a certificate stands between `-----BEGIN CERTIFICATE-----` and `-----END CERTIFICATE-----`".to_owned()
            }
            Self::TooMany { .. } => "is this the right file?".to_owned(),
            Self::Certificate { file, .. } => format!("look at it with `openssl x509 -in {file} -noout -text`"),
            Self::NoKey { .. } => {
                "a private key begins with `-----BEGIN PRIVATE KEY-----`, `-----BEGIN EC PRIVATE KEY-----` or \
                 `-----BEGIN RSA PRIVATE KEY-----`"
                    .to_owned()
            }
            Self::SeveralKeys { .. } => "keep the one that fits the certificate".to_owned(),
            Self::Encrypted { file } => {
                format!("nobody is there to type a password: `openssl pkey -in {file} -out {file}.plain`, and let only this user read that")
            }
            Self::Key { .. } => "RSA from 2048 to 8192 bits, ECDSA on P-256, P-384 or P-521, or Ed25519".to_owned(),
            Self::Mismatch { .. } => {
                "the server's own certificate comes first in its file; was only one of the two files replaced?".to_owned()
            }
            Self::Roots { .. } => "each certificate in it must be one of an authority".to_owned(),
            Self::NoSystemRoots => {
                "install the system's certificates (package ca-certificates), or name a file with `ca`".to_owned()
            }
            Self::Name { .. } => "say with `server_name` which name the endpoint's certificate has".to_owned(),
        }
    }
}
